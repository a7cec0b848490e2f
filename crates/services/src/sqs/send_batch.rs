//! SendMessageBatch: what is right in a batch is sent together, each of the others is answered with what is wrong with it.

use super::attributes::MESSAGE_BYTES;
use super::send::{Digests, Sent, sequence_number};
use super::{Sqs, batch, handle, messages};
use api::sqs::{
    SendMessageBatch, SendMessageBatchRequest, SendMessageBatchRequestEntry, SendMessageBatchResult,
    SendMessageBatchResultEntry,
};
use api::{Handle, Request};
use queue::Enqueued;
use types::ServiceError;

impl Handle<SendMessageBatch> for Sqs {
    async fn handle(
        &self,
        request: Request<SendMessageBatchRequest>,
    ) -> Result<SendMessageBatchResult, ServiceError> {
        let Request { input, permit, context, .. } = request;
        batch::check(input.entries.iter().map(|entry| entry.id.as_str()), "SendMessageBatchRequestEntry")?;
        let (queue, found) = self.find(&input.queue_url).await?;
        let (record, sender) = (&found.value, permit.principal().user_id());
        let sent: Vec<(String, Sent)> = input.entries.into_iter().map(sent).collect();
        let bytes: usize = sent.iter().map(|(_, sent)| sent.bytes()).sum();
        if bytes > MESSAGE_BYTES as usize {
            return Err(messages::batch_too_long(bytes));
        }
        let (mut good, mut waiting, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (id, sent) in sent {
            let digests = sent.digests();
            match sent.message(&queue, record, &sender, &context) {
                Ok(message) => {
                    good.push((id, digests));
                    waiting.push(message);
                }
                Err(error) => failed.push(batch::failed(id, &error)),
            }
        }
        let mut enqueued = Vec::new();
        if !waiting.is_empty() {
            let lane = Self::lane(&queue, record)?;
            enqueued = self.queue.enqueue(&lane, waiting).await.map_err(messages::failed)?;
        }
        let shown = |((id, digests), enqueued): ((String, Digests), Enqueued)| SendMessageBatchResultEntry {
            id,
            message_id: handle::message_id(record, enqueued.sequence()),
            md5_of_message_body: digests.body,
            md5_of_message_attributes: digests.attributes,
            md5_of_message_system_attributes: digests.system,
            sequence_number: sequence_number(&queue, enqueued),
        };
        let successful = good.into_iter().zip(enqueued).map(shown).collect();
        Ok(SendMessageBatchResult { successful, failed })
    }
}

fn sent(entry: SendMessageBatchRequestEntry) -> (String, Sent) {
    let sent = Sent {
        body: entry.message_body,
        delay: entry.delay_seconds,
        attributes: entry.message_attributes.unwrap_or_default(),
        system: entry.message_system_attributes.unwrap_or_default(),
        deduplication: entry.message_deduplication_id,
        group: entry.message_group_id,
    };
    (entry.id, sent)
}
