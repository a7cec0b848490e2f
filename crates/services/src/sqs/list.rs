//! ListQueues and ListDeadLetterSourceQueues.

use super::page::Paging;
use super::records::{DeadLetterSourceRecord, QueueRecord};
use super::{Sqs, messages};
use api::sqs::{
    ListDeadLetterSourceQueues, ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResult,
    ListQueues, ListQueuesRequest, ListQueuesResult,
};
use api::{Handle, Request};
use store::{Key, Prefix, Record};
use types::{AccountId, QueueRef, ServiceError};

impl Handle<ListQueues> for Sqs {
    async fn handle(&self, request: Request<ListQueuesRequest>) -> Result<ListQueuesResult, ServiceError> {
        let (input, context) = (request.input, request.context);
        let paging = Paging::of(context.account, input.next_token.as_deref(), input.max_results)?;
        let mut prefix = QueueRecord::all_of(context.account).map_err(messages::failed)?;
        if let Some(beginning) = input.queue_name_prefix {
            // A text that no key can hold is the beginning of no name.
            let Ok(narrowed) = prefix.beginning(&beginning) else { return Ok(ListQueuesResult::default()) };
            prefix = narrowed;
        }
        let after = paging.after.as_ref().map(QueueRecord::place).transpose().map_err(messages::failed)?;
        let found = self.named::<QueueRecord>(&prefix, after, context.account, paging.limit + 1).await?;
        let (urls, next_token) = paging.cut(found, &context.endpoint);
        Ok(ListQueuesResult { queue_urls: Some(urls).filter(|urls| !urls.is_empty()), next_token })
    }
}

impl Handle<ListDeadLetterSourceQueues> for Sqs {
    async fn handle(
        &self,
        request: Request<ListDeadLetterSourceQueuesRequest>,
    ) -> Result<ListDeadLetterSourceQueuesResult, ServiceError> {
        let (input, context) = (request.input, request.context);
        let (queue, _) = self.find(&input.queue_url).await?;
        let paging = Paging::of(queue.account, input.next_token.as_deref(), input.max_results)?;
        let prefix = DeadLetterSourceRecord::all_of(&queue).map_err(messages::failed)?;
        let after = paging.after.as_ref().map(|source| DeadLetterSourceRecord::place(&queue, source));
        let after = after.transpose().map_err(messages::failed)?;
        let found =
            self.named::<DeadLetterSourceRecord>(&prefix, after, queue.account, paging.limit + 1).await?;
        let (queue_urls, next_token) = paging.cut(found, &context.endpoint);
        Ok(ListDeadLetterSourceQueuesResult { queue_urls, next_token })
    }
}

impl Sqs {
    /// The queues that the last segments of a table's keys name.
    async fn named<R: Record>(
        &self,
        prefix: &Prefix,
        after: Option<Key>,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<QueueRef>, ServiceError> {
        let read = self.store.scan::<R>(prefix, after.as_ref(), limit).await.map_err(messages::failed)?;
        let name = |key: &Key| QueueRef::new(account, key.segments().next_back()?);
        Ok(read.iter().filter_map(|stored| name(&stored.key)).collect())
    }
}
