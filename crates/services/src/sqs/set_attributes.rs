//! SetQueueAttributes.

use super::{Sqs, add_permission, messages, policy};
use crate::change::Plan;
use api::sqs::{SetQueueAttributes, SetQueueAttributesRequest};
use api::{Handle, Request};
use store::Transaction;
use types::{ServiceError, Timestamp};

impl Handle<SetQueueAttributes> for Sqs {
    async fn handle(&self, request: Request<SetQueueAttributesRequest>) -> Result<(), ServiceError> {
        let (input, now) = (&request.input, request.context.now);
        if input.attributes.is_empty() {
            return Err(messages::missing("Attributes"));
        }
        self.change(&request.audit, || self.set_attributes(input, now)).await
    }
}

impl Sqs {
    async fn set_attributes(&self, input: &SetQueueAttributesRequest, now: Timestamp) -> Plan<()> {
        let (queue, found) = self.find(&input.queue_url).await?;
        let mut record = found.value.clone();
        for (name, value) in input.attributes.iter().filter(|(name, _)| *name != "Policy") {
            record.attributes.set(&queue, name, value)?;
        }
        record.attributes.check()?;
        record.modified = now;
        let mut transaction = Transaction::new();
        transaction.replace(&found.key, &record, found.revision);
        let (old, new) = (found.value.attributes.redrive.as_ref(), record.attributes.redrive.as_ref());
        if old != new {
            self.point(&mut transaction, &queue, old, new).await?;
        }
        if let Some(document) = input.attributes.get("Policy") {
            policy::check(document)?;
            let old = self.policy(&queue).await?;
            add_permission::write(&mut transaction, &queue, old.as_ref(), document)?;
        }
        Ok((transaction, ()))
    }
}
