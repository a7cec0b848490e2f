//! DeleteMessage and DeleteMessageBatch.
//!
//! A receipt that is no longer the latest removes nothing: in a standard queue that is answered like a success, as the service
//! does, in a FIFO queue it is an error.

use super::handle::Handle as Receipt;
use super::records::QueueRecord;
use super::{Sqs, batch, messages};
use api::sqs::{
    DeleteMessage, DeleteMessageBatch, DeleteMessageBatchRequest, DeleteMessageBatchResult,
    DeleteMessageBatchResultEntry, DeleteMessageRequest,
};
use api::{Handle, Request};
use queue::{Outcome, Settled};
use types::{QueueRef, ServiceError};

impl Handle<DeleteMessage> for Sqs {
    async fn handle(&self, request: Request<DeleteMessageRequest>) -> Result<(), ServiceError> {
        let DeleteMessageRequest { queue_url, receipt_handle } = request.input;
        let (queue, found) = self.find(&queue_url).await?;
        let mut outcomes = self.delete_all(&queue, &found.value, vec![receipt_handle]).await?;
        outcomes.pop().unwrap_or(Ok(()))
    }
}

impl Handle<DeleteMessageBatch> for Sqs {
    async fn handle(
        &self,
        request: Request<DeleteMessageBatchRequest>,
    ) -> Result<DeleteMessageBatchResult, ServiceError> {
        let DeleteMessageBatchRequest { queue_url, entries } = request.input;
        batch::check(entries.iter().map(|entry| entry.id.as_str()), "DeleteMessageBatchRequestEntry")?;
        let (queue, found) = self.find(&queue_url).await?;
        let (ids, receipts): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|entry| (entry.id, entry.receipt_handle)).unzip();
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, outcome) in ids.into_iter().zip(self.delete_all(&queue, &found.value, receipts).await?) {
            match outcome {
                Ok(()) => successful.push(DeleteMessageBatchResultEntry { id }),
                Err(error) => failed.push(batch::failed(id, &error)),
            }
        }
        Ok(DeleteMessageBatchResult { successful, failed })
    }
}

impl Sqs {
    /// An outcome for each receipt.
    async fn delete_all(
        &self,
        queue: &QueueRef,
        record: &QueueRecord,
        receipts: Vec<String>,
    ) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
        let read: Vec<_> = receipts.iter().map(|receipt| Receipt::read(receipt, record)).collect();
        let good = read.iter().flatten().map(|receipt| (receipt.lease, Outcome::Done)).collect();
        let mut settled = self.settle(good).await?.into_iter();
        let outcome = |(read, receipt): (Result<Receipt, ServiceError>, &String)| {
            read?;
            match settled.next() {
                Some(Settled::Stale) if queue.is_fifo() => Err(messages::expired_handle(receipt)),
                _ => Ok(()),
            }
        };
        Ok(read.into_iter().zip(&receipts).map(outcome).collect())
    }

    /// Settles what there is to settle.
    pub(super) async fn settle(
        &self,
        items: Vec<(queue::LeaseToken, Outcome)>,
    ) -> Result<Vec<Settled>, ServiceError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        self.queue.settle(items).await.map_err(messages::failed)
    }
}
