//! ChangeMessageVisibility and ChangeMessageVisibilityBatch.

use super::handle::Handle as Receipt;
use super::records::QueueRecord;
use super::{Sqs, batch, messages};
use api::sqs::{
    ChangeMessageVisibility, ChangeMessageVisibilityBatch, ChangeMessageVisibilityBatchRequest,
    ChangeMessageVisibilityBatchResult, ChangeMessageVisibilityBatchResultEntry,
    ChangeMessageVisibilityRequest,
};
use api::{Handle, Request};
use queue::{LeaseToken, Outcome, Settled};
use std::time::Duration;
use types::ServiceError;

/// Source: "the maximum … 12 hours from the time that Amazon SQS receives the ReceiveMessage request" in seconds.
const MOST: i64 = 43_200;

/// A receipt and the time-out that its message shall have, in seconds.
type Wish = (String, Option<i64>);

impl Handle<ChangeMessageVisibility> for Sqs {
    async fn handle(&self, request: Request<ChangeMessageVisibilityRequest>) -> Result<(), ServiceError> {
        let ChangeMessageVisibilityRequest { queue_url, receipt_handle, visibility_timeout } = request.input;
        let (_, found) = self.find(&queue_url).await?;
        let wish = (receipt_handle, Some(visibility_timeout));
        self.hide_all(&found.value, vec![wish]).await?.pop().unwrap_or(Ok(()))
    }
}

impl Handle<ChangeMessageVisibilityBatch> for Sqs {
    async fn handle(
        &self,
        request: Request<ChangeMessageVisibilityBatchRequest>,
    ) -> Result<ChangeMessageVisibilityBatchResult, ServiceError> {
        let ChangeMessageVisibilityBatchRequest { queue_url, entries } = request.input;
        let ids = entries.iter().map(|entry| entry.id.as_str());
        batch::check(ids, "ChangeMessageVisibilityBatchRequestEntry")?;
        let (_, found) = self.find(&queue_url).await?;
        let (ids, wishes): (Vec<_>, Vec<Wish>) = entries
            .into_iter()
            .map(|entry| (entry.id, (entry.receipt_handle, entry.visibility_timeout)))
            .unzip();
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, outcome) in ids.into_iter().zip(self.hide_all(&found.value, wishes).await?) {
            match outcome {
                Ok(()) => successful.push(ChangeMessageVisibilityBatchResultEntry { id }),
                Err(error) => failed.push(batch::failed(id, &error)),
            }
        }
        Ok(ChangeMessageVisibilityBatchResult { successful, failed })
    }
}

impl Sqs {
    /// An outcome for each wish.
    async fn hide_all(
        &self,
        record: &QueueRecord,
        wishes: Vec<Wish>,
    ) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
        let read: Vec<_> = wishes.iter().map(|wish| self.extension(record, wish)).collect();
        let mut settled = self.settle(read.iter().flatten().cloned().collect()).await?.into_iter();
        let outcome = |(read, (receipt, _)): (Result<_, ServiceError>, &Wish)| {
            read?;
            match settled.next() {
                Some(Settled::Stale) => Err(messages::not_in_flight(receipt)),
                _ => Ok(()),
            }
        };
        Ok(read.into_iter().zip(&wishes).map(outcome).collect())
    }

    fn extension(
        &self,
        record: &QueueRecord,
        (receipt, seconds): &Wish,
    ) -> Result<(LeaseToken, Outcome), ServiceError> {
        let seconds = seconds.ok_or_else(|| messages::missing("VisibilityTimeout"))?;
        if !(0..=MOST).contains(&seconds) {
            return Err(messages::bad_visibility(seconds));
        }
        let receipt = Receipt::read(receipt, record)?;
        let now = self.clock.now();
        let until = now.plus(Duration::from_secs(seconds.unsigned_abs()));
        if until.millis().saturating_sub(receipt.taken.millis()) > (MOST + 1) * 1000 {
            return Err(messages::visibility_beyond_limit(seconds));
        }
        Ok((receipt.lease, Outcome::Extend { until }))
    }
}
