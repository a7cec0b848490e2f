//! Queues that people and functions send messages to and receive them from: SQS.
//!
//! A queue's attributes and tags are one record, its policy another one, which the pipeline reads for every call.
//! Invariants: a queue is named as its URL and ARN say, in its owner's account; whoever got here was permitted by the
//! caller's policies or by the queue's. Changes of one queue depend on its record's revision, so that none is lost.

mod add_permission;
mod attributes;
mod change;
mod create;
mod delete;
mod get_attributes;
mod list;
mod messages;
mod page;
mod policy;
mod records;
mod redrive;
mod remove_permission;
mod set_attributes;
mod sources;
mod tags;
mod url;

use records::QueueRecord;
use std::sync::Arc;
use store::{Store, Stored};
use types::{QueueRef, Random, Region, ServiceError};

/// The service.
pub struct Sqs {
    store: Arc<Store>,
    random: Arc<dyn Random>,
    region: Region,
}

impl Sqs {
    /// The service over a store.
    pub fn new(store: Arc<Store>, random: Arc<dyn Random>, region: Region) -> Self {
        Self { store, random, region }
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
            .on::<sqs::RemovePermission, _>(self)
    }

    /// The queue of a URL, as it is stored.
    async fn find(&self, url: &str) -> Result<(QueueRef, Stored<QueueRecord>), ServiceError> {
        let queue = QueueRef::of_url(url).ok_or_else(|| messages::invalid_address(url))?;
        let found = self.look_up(&queue).await?.ok_or_else(messages::no_such_queue)?;
        Ok((queue, found))
    }

    /// The queue as it is stored, if it is.
    async fn look_up(&self, queue: &QueueRef) -> Result<Option<Stored<QueueRecord>>, ServiceError> {
        let key = QueueRecord::place(queue).map_err(messages::failed)?;
        self.store.get(&key).await.map_err(messages::failed)
    }
}
