//! TagQueue, UntagQueue and ListQueueTags.

use super::records::QueueRecord;
use super::{Sqs, messages};
use crate::change::Plan;
use api::sqs::{
    ListQueueTags, ListQueueTagsRequest, ListQueueTagsResult, TagQueue, TagQueueRequest, UntagQueue,
    UntagQueueRequest,
};
use api::{Handle, Request};
use std::collections::BTreeMap;
use store::Transaction;
use types::ServiceError;

/// Source: quotas related to queues in the SQS developer guide.
const TAGS: usize = 50;
const KEY_CHARACTERS: usize = 128;
const VALUE_CHARACTERS: usize = 256;

/// Whether a queue of this name can have these tags.
pub(super) fn check(tags: &BTreeMap<String, String>, queue: &str) -> Result<(), ServiceError> {
    let fits = |key: &str, value: &str| {
        (1..=KEY_CHARACTERS).contains(&key.chars().count()) && value.chars().count() <= VALUE_CHARACTERS
    };
    if !tags.iter().all(|(key, value)| fits(key, value)) {
        return Err(messages::bad_tag());
    }
    if tags.len() > TAGS { Err(messages::too_many_tags(queue)) } else { Ok(()) }
}

impl Handle<TagQueue> for Sqs {
    async fn handle(&self, request: Request<TagQueueRequest>) -> Result<(), ServiceError> {
        let TagQueueRequest { queue_url, tags } = &request.input;
        let add = |there: &mut BTreeMap<String, String>| {
            there.extend(tags.iter().map(|(key, value)| (key.clone(), value.clone())));
        };
        self.change(&request.audit, || self.with_tags(queue_url, add)).await
    }
}

impl Handle<UntagQueue> for Sqs {
    async fn handle(&self, request: Request<UntagQueueRequest>) -> Result<(), ServiceError> {
        let UntagQueueRequest { queue_url, tag_keys } = &request.input;
        let take = |there: &mut BTreeMap<String, String>| there.retain(|key, _| !tag_keys.contains(key));
        self.change(&request.audit, || self.with_tags(queue_url, take)).await
    }
}

impl Handle<ListQueueTags> for Sqs {
    async fn handle(
        &self,
        request: Request<ListQueueTagsRequest>,
    ) -> Result<ListQueueTagsResult, ServiceError> {
        let (_, found) = self.find(&request.input.queue_url).await?;
        Ok(ListQueueTagsResult { tags: Some(found.value.tags).filter(|tags| !tags.is_empty()) })
    }
}

impl Sqs {
    async fn with_tags(&self, url: &str, change: impl Fn(&mut BTreeMap<String, String>) + Send) -> Plan<()> {
        let (queue, found) = self.find(url).await?;
        let mut record: QueueRecord = found.value;
        change(&mut record.tags);
        check(&record.tags, queue.name())?;
        let mut transaction = Transaction::new();
        transaction.replace(&found.key, &record, found.revision);
        Ok((transaction, ()))
    }
}
