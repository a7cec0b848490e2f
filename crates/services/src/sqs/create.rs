//! CreateQueue: a new queue, or the one that is there already and is as it was asked for.

use super::attributes::Attributes;
use super::records::QueueRecord;
use super::{Sqs, messages, policy, tags};
use crate::change::Plan;
use api::sqs::{CreateQueue, CreateQueueRequest, CreateQueueResult};
use api::{Context, Handle, Request};
use std::collections::BTreeMap;
use store::records::QueuePolicyRecord;
use store::{Stored, Transaction};
use types::{QueueRef, ServiceError};

/// What is asked for.
struct Wanted {
    queue: QueueRef,
    given: BTreeMap<String, String>,
    attributes: Attributes,
    tags: BTreeMap<String, String>,
}

impl Handle<CreateQueue> for Sqs {
    async fn handle(&self, request: Request<CreateQueueRequest>) -> Result<CreateQueueResult, ServiceError> {
        let wanted = Wanted::read(request.input, &request.context)?;
        let wanted = &wanted;
        let context = &request.context;
        self.change(&request.audit, || self.create(wanted, context)).await?;
        Ok(CreateQueueResult { queue_url: Some(wanted.queue.url(&context.endpoint)) })
    }
}

impl Wanted {
    fn read(input: CreateQueueRequest, context: &Context) -> Result<Self, ServiceError> {
        let given = input.attributes.unwrap_or_default();
        let asks_fifo = given.get("FifoQueue").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let named = QueueRef::new(context.account, &input.queue_name);
        let queue = match named.filter(|queue| queue.is_fifo() == asks_fifo) {
            Some(queue) => queue,
            None if asks_fifo => return Err(messages::bad_fifo_name()),
            None => return Err(messages::bad_name()),
        };
        let mut attributes = Attributes::default();
        for (name, value) in given.iter().filter(|(name, _)| *name != "Policy") {
            attributes.set(&queue, name, value)?;
        }
        attributes.check()?;
        if let Some(document) = given.get("Policy") {
            policy::check(document)?;
        }
        let tags = input.tags.unwrap_or_default();
        tags::check(&tags, queue.name())?;
        Ok(Self { queue, given, attributes, tags })
    }

    /// Whether the queue that is there is as it was asked for, in all that was asked for.
    fn compare(&self, there: &QueueRecord, policy: Option<&str>) -> Result<(), ServiceError> {
        for name in self.given.keys().filter(|name| *name != "Policy") {
            let text = |attributes: &Attributes| attributes.text(&self.queue, name);
            if text(&self.attributes) != text(&there.attributes) {
                return Err(messages::name_exists(name));
            }
        }
        match self.given.get("Policy") {
            Some(asked) if policy.unwrap_or_default() != asked => {
                return Err(messages::name_exists("Policy"));
            }
            _ => {}
        }
        if !self.tags.is_empty() && self.tags != there.tags {
            return Err(messages::name_exists_with_tags());
        }
        Ok(())
    }
}

impl Sqs {
    async fn create(&self, wanted: &Wanted, context: &Context) -> Plan<()> {
        match self.look_up(&wanted.queue).await? {
            Some(there) => self.keep(wanted, &there).await,
            None => self.insert(wanted, context).await,
        }
    }

    async fn keep(&self, wanted: &Wanted, there: &Stored<QueueRecord>) -> Plan<()> {
        let policy = self.policy(&wanted.queue).await?;
        wanted.compare(&there.value, policy.as_ref().map(|stored| stored.value.document.as_str()))?;
        let mut transaction = Transaction::new();
        transaction.require::<QueueRecord>(&there.key, there.revision);
        Ok((transaction, ()))
    }

    async fn insert(&self, wanted: &Wanted, context: &Context) -> Plan<()> {
        let Wanted { queue, given, attributes, tags } = wanted;
        let record = QueueRecord {
            id: self.random.hex(16),
            secret: self.random.hex(64),
            created: context.now,
            modified: context.now,
            attributes: attributes.clone(),
            tags: tags.clone(),
            purged: None,
        };
        let mut transaction = Transaction::new();
        transaction.insert(&QueueRecord::place(queue).map_err(messages::failed)?, &record);
        self.point(&mut transaction, queue, None, attributes.redrive.as_ref()).await?;
        if let Some(document) = given.get("Policy").filter(|document| !document.is_empty()) {
            let key = QueuePolicyRecord::place(queue).map_err(messages::failed)?;
            transaction.put(&key, &QueuePolicyRecord { document: document.clone() });
        }
        Ok((transaction, ()))
    }
}
