//! SendMessage, and what a message becomes in the queue.

use super::attributes::Scope;
use super::content::{self, Content};
use super::kept::{Kept, KeptAttribute};
use super::records::QueueRecord;
use super::{Sqs, digest, handle, messages};
use api::sqs::{
    MessageAttributeValue, MessageSystemAttributeValue, SendMessage, SendMessageRequest, SendMessageResult,
};
use api::{Context, Handle, Request};
use aws_lc_rs::digest::{SHA256, digest as sha};
use bytes::Bytes;
use queue::{Deduplicate, Enqueued, NewMessage};
use std::collections::BTreeMap;
use std::time::Duration;
use types::{QueueRef, ServiceError};

/// Source: "The deduplication interval is 5 minutes" (SQS developer guide, exactly-once processing).
const DEDUPLICATION: Duration = Duration::from_secs(300);
/// Source: API reference, SendMessage, DelaySeconds: 0 to 900.
const DELAY: std::ops::RangeInclusive<i64> = 0..=900;

/// One message as a client sends it, alone or in a batch.
pub(super) struct Sent {
    pub(super) body: String,
    pub(super) delay: Option<i64>,
    pub(super) attributes: BTreeMap<String, MessageAttributeValue>,
    pub(super) system: BTreeMap<String, MessageSystemAttributeValue>,
    pub(super) deduplication: Option<String>,
    pub(super) group: Option<String>,
}

/// The digests that the answer shows.
pub(super) struct Digests {
    pub(super) body: String,
    pub(super) attributes: Option<String>,
    pub(super) system: Option<String>,
}

impl Handle<SendMessage> for Sqs {
    async fn handle(&self, request: Request<SendMessageRequest>) -> Result<SendMessageResult, ServiceError> {
        let Request { input, permit, context, .. } = request;
        let (queue, found) = self.find(&input.queue_url).await?;
        let sent = Sent {
            body: input.message_body,
            delay: input.delay_seconds,
            attributes: input.message_attributes.unwrap_or_default(),
            system: input.message_system_attributes.unwrap_or_default(),
            deduplication: input.message_deduplication_id,
            group: input.message_group_id,
        };
        let (digests, record) = (sent.digests(), &found.value);
        let message = sent.message(&queue, record, &permit.principal().user_id(), &context)?;
        let lane = Self::lane(&queue, record)?;
        let enqueued = self.queue.enqueue(&lane, vec![message]).await.map_err(messages::failed)?;
        let enqueued =
            enqueued.first().copied().ok_or_else(|| messages::failed("no answer for a message"))?;
        Ok(SendMessageResult {
            md5_of_message_body: Some(digests.body),
            md5_of_message_attributes: digests.attributes,
            md5_of_message_system_attributes: digests.system,
            message_id: Some(handle::message_id(record, enqueued.sequence())),
            sequence_number: sequence_number(&queue, enqueued),
        })
    }
}

/// Source: "The length of SequenceNumber is 128 bits"; the service prints 20 digits.
pub(super) fn sequence_number(queue: &QueueRef, enqueued: Enqueued) -> Option<String> {
    queue.is_fifo().then(|| format!("{:020}", enqueued.sequence().0))
}

impl Sent {
    pub(super) fn bytes(&self) -> usize {
        Content { body: &self.body, attributes: &self.attributes }.bytes()
    }

    pub(super) fn digests(&self) -> Digests {
        let system = self.system.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
        Digests {
            body: digest::of_body(self.body.as_bytes()),
            attributes: digest::of_attributes(&self.attributes),
            system: digest::of_attributes(&system),
        }
    }

    /// The message as it waits, once it is found to be one that this queue takes.
    pub(super) fn message(
        self,
        queue: &QueueRef,
        record: &QueueRecord,
        sender: &str,
        context: &Context,
    ) -> Result<NewMessage, ServiceError> {
        let attributes = &record.attributes;
        Content { body: &self.body, attributes: &self.attributes }.check(attributes.maximum_message_size)?;
        let (group, deduplication) = self.order(queue, record)?;
        let delay = self.delay(queue, attributes.delay)?;
        let key = deduplication.as_ref().map(|id| match (attributes.deduplication_scope, &group) {
            (Scope::Group, Some(group)) => format!("{}:{group}{id}", group.len()),
            _ => id.clone(),
        });
        let now = context.now;
        let kept = Kept {
            sender: sender.to_owned(),
            attributes: self.attributes.iter().map(|(n, v)| (n.clone(), KeptAttribute::from(v))).collect(),
            trace: content::trace(&self.system)?,
            deduplication,
            moved: None,
        };
        Ok(NewMessage {
            attributes: kept.bytes().map_err(messages::failed)?,
            body: Bytes::from(self.body),
            due: now.plus(Duration::from_secs(delay)),
            expires: Some(now.plus(Duration::from_secs(attributes.retention.into()))),
            group,
            deduplicate: key.map(|key| Deduplicate { key, until: now.plus(DEDUPLICATION) }),
        })
    }

    /// Its group and what it is deduplicated by: both in FIFO queues, none in others.
    fn order(
        &self,
        queue: &QueueRef,
        record: &QueueRecord,
    ) -> Result<(Option<String>, Option<String>), ServiceError> {
        let given = [("MessageGroupId", &self.group), ("MessageDeduplicationId", &self.deduplication)];
        for (name, id) in given.iter().filter_map(|(name, id)| Some((*name, id.as_deref()?))) {
            if !queue.is_fifo() {
                return Err(messages::not_for_this_type(id, name));
            }
            if !(1..=128).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(messages::bad_order_id(id, name));
            }
        }
        if !queue.is_fifo() {
            return Ok((None, None));
        }
        let group = self.group.clone().ok_or_else(|| messages::missing("MessageGroupId"))?;
        let deduplication = match &self.deduplication {
            Some(id) => id.clone(),
            None if record.attributes.content_based_deduplication => content_id(&self.body),
            None => return Err(messages::no_deduplication()),
        };
        Ok((Some(group), Some(deduplication)))
    }

    /// In seconds. Source: "When you set FifoQueue, you can't set DelaySeconds per message."
    fn delay(&self, queue: &QueueRef, of_queue: u32) -> Result<u64, ServiceError> {
        match self.delay {
            None => Ok(of_queue.into()),
            Some(delay) if !DELAY.contains(&delay) => Err(messages::bad_delay(delay)),
            Some(delay) if delay != 0 && queue.is_fifo() => {
                Err(messages::not_for_this_type(delay, "DelaySeconds"))
            }
            Some(0) if queue.is_fifo() => Ok(of_queue.into()),
            Some(delay) => Ok(delay.unsigned_abs()),
        }
    }
}

/// Source: "Amazon SQS uses a SHA-256 hash to generate the MessageDeduplicationId using the body of the message."
fn content_id(body: &str) -> String {
    sha(&SHA256, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A system attribute in the form of others, whose digest it has.
fn plain(value: &MessageSystemAttributeValue) -> MessageAttributeValue {
    MessageAttributeValue {
        data_type: value.data_type.clone(),
        string_value: value.string_value.clone(),
        binary_value: value.binary_value.clone(),
        string_list_values: None,
        binary_list_values: None,
    }
}
