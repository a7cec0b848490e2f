//! PurgeQueue: removes all messages, once in 60 seconds.

use super::{Sqs, messages};
use crate::change::Plan;
use api::sqs::{PurgeQueue, PurgeQueueRequest};
use api::{Handle, Request};
use queue::LaneName;
use std::sync::Arc;
use store::Transaction;
use types::{ServiceError, Timestamp};

/// Source: PurgeQueueInProgress: "within the last 60 seconds"; in milliseconds.
const APART: i64 = 60_000;

impl Handle<PurgeQueue> for Sqs {
    async fn handle(&self, request: Request<PurgeQueueRequest>) -> Result<(), ServiceError> {
        let (url, now) = (&request.input.queue_url, request.context.now);
        let lane = self.change(&request.audit, || self.purge(url, now)).await?;
        // Goes on when the client goes away.
        let waiting = Arc::clone(&self.queue);
        let purged = tokio::spawn(async move { waiting.purge(&lane).await });
        purged.await.map_err(messages::failed)?.map_err(messages::failed)?;
        Ok(())
    }
}

impl Sqs {
    async fn purge(&self, url: &str, now: Timestamp) -> Plan<LaneName> {
        let (queue, found) = self.find(url).await?;
        let mut record = found.value;
        if record.purged.is_some_and(|before| now.millis().saturating_sub(before.millis()) < APART) {
            return Err(messages::purge_in_progress(queue.name()));
        }
        record.purged = Some(now);
        let mut transaction = Transaction::new();
        transaction.replace(&found.key, &record, found.revision);
        Ok((transaction, Self::lane(&queue, &record)?))
    }
}
