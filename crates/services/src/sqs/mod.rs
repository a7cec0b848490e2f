//! Queues that people and functions send messages to and receive them from: SQS.
//!
//! A queue's attributes and tags are one record, its policy another one, which the pipeline reads for every call.
//! Invariants: a queue is named as its URL and ARN say, in its owner's account; whoever got here was permitted by the
//! caller's policies or by the queue's. Changes of one queue depend on its record's revision, so that none is lost.

mod add_permission;
mod attributes;
mod batch;
mod change;
mod content;
mod create;
mod delete;
mod delete_message;
mod digest;
mod get_attributes;
mod handle;
mod kept;
mod list;
mod messages;
mod page;
mod policy;
mod purge;
mod receive;
mod records;
mod redrive;
mod remove_permission;
mod selection;
mod send;
mod send_batch;
mod set_attributes;
mod sources;
mod sweeper;
mod tags;
mod url;
mod visibility;

use queue::{LaneKind, LaneName, Queue};
use records::QueueRecord;
use std::sync::Arc;
use store::{Store, Stored};
pub use sweeper::sweep_now_and_then;
use types::{Clock, QueueRef, Random, Region, ServiceError};

/// The service.
pub struct Sqs {
    store: Arc<Store>,
    queue: Arc<Queue>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    region: Region,
}

impl Sqs {
    /// The service over a store, with messages in `queue`.
    pub fn new(
        store: Arc<Store>,
        queue: Arc<Queue>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        region: Region,
    ) -> Self {
        Self { store, queue, clock, random, region }
    }

    /// Adds the service's operations to `handlers`.
    #[must_use]
    pub fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        use api::sqs;
        handlers
            .on::<sqs::CreateQueue, _>(self)
            .on::<sqs::GetQueueUrl, _>(self)
            .on::<sqs::ListQueues, _>(self)
            .on::<sqs::ListDeadLetterSourceQueues, _>(self)
            .on::<sqs::GetQueueAttributes, _>(self)
            .on::<sqs::SetQueueAttributes, _>(self)
            .on::<sqs::DeleteQueue, _>(self)
            .on::<sqs::TagQueue, _>(self)
            .on::<sqs::UntagQueue, _>(self)
            .on::<sqs::ListQueueTags, _>(self)
            .on::<sqs::AddPermission, _>(self)
            .on::<sqs::SendMessage, _>(self)
            .on::<sqs::SendMessageBatch, _>(self)
            .on::<sqs::ReceiveMessage, _>(self)
            .on::<sqs::DeleteMessage, _>(self)
            .on::<sqs::DeleteMessageBatch, _>(self)
            .on::<sqs::ChangeMessageVisibility, _>(self)
            .on::<sqs::ChangeMessageVisibilityBatch, _>(self)
            .on::<sqs::PurgeQueue, _>(self)
            .on::<sqs::RemovePermission, _>(self)
    }

    /// The queue of a URL, as it is stored.
    async fn find(&self, url: &str) -> Result<(QueueRef, Stored<QueueRecord>), ServiceError> {
        let queue = QueueRef::of_url(url).ok_or_else(|| messages::invalid_address(url))?;
        let found = self.look_up(&queue).await?.ok_or_else(messages::no_such_queue)?;
        Ok((queue, found))
    }

    /// Where a queue's messages wait: the lane of this very queue, not of an earlier one of its name.
    fn lane(queue: &QueueRef, record: &QueueRecord) -> Result<LaneName, ServiceError> {
        let kind = if queue.is_fifo() { LaneKind::Fifo } else { LaneKind::Standard };
        let text = format!("sqs/{}/{}/{}", queue.account, queue.name(), record.id);
        LaneName::new(text, kind).map_err(messages::failed)
    }

    /// The queue as it is stored, if it is.
    async fn look_up(&self, queue: &QueueRef) -> Result<Option<Stored<QueueRecord>>, ServiceError> {
        let key = QueueRecord::place(queue).map_err(messages::failed)?;
        self.store.get(&key).await.map_err(messages::failed)
    }
}
