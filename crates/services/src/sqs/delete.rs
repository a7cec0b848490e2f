//! DeleteQueue: the queue, its policy and its messages are gone when it is answered. The service's wait of 60 seconds before the
//! name can be used again is not needed: a new queue of the name has an id of its own, and none of the old one's messages.

use super::records::QueueRecord;
use super::{Sqs, messages};
use crate::change::Plan;
use api::sqs::{DeleteQueue, DeleteQueueRequest};
use api::{Handle, Request};
use queue::LaneName;
use std::sync::Arc;
use store::Transaction;
use store::records::QueuePolicyRecord;
use types::ServiceError;

impl Handle<DeleteQueue> for Sqs {
    async fn handle(&self, request: Request<DeleteQueueRequest>) -> Result<(), ServiceError> {
        let url = &request.input.queue_url;
        let lane = self.change(&request.audit, || self.delete(url)).await?;
        // Goes on when the client goes away. What a kill leaves is nobody's, and goes when it expires.
        let messages = Arc::clone(&self.queue);
        let removed = tokio::spawn(async move { messages.remove(&lane).await });
        removed.await.map_err(messages::failed)?.map_err(messages::failed)?;
        Ok(())
    }
}

impl Sqs {
    async fn delete(&self, url: &str) -> Plan<LaneName> {
        let (queue, found) = self.find(url).await?;
        let mut transaction = Transaction::new();
        transaction.delete::<QueueRecord>(&found.key, found.revision);
        transaction.remove::<QueuePolicyRecord>(&QueuePolicyRecord::place(&queue).map_err(messages::failed)?);
        self.point(&mut transaction, &queue, found.value.attributes.redrive.as_ref(), None).await?;
        Ok((transaction, Self::lane(&queue, &found.value)?))
    }
}
