//! RemovePermission: takes a statement of the queue's policy away, from the next request on.

use super::policy::Document;
use super::records::QueueRecord;
use super::{Sqs, add_permission, messages};
use crate::change::Plan;
use api::sqs::{RemovePermission, RemovePermissionRequest};
use api::{Handle, Request};
use store::Transaction;
use types::ServiceError;

impl Handle<RemovePermission> for Sqs {
    async fn handle(&self, request: Request<RemovePermissionRequest>) -> Result<(), ServiceError> {
        let input = &request.input;
        self.change(&request.audit, || self.remove_permission(input)).await
    }
}

impl Sqs {
    async fn remove_permission(&self, input: &RemovePermissionRequest) -> Plan<()> {
        let (queue, found) = self.find(&input.queue_url).await?;
        let old = self.policy(&queue).await?.ok_or_else(|| messages::no_such_label(&input.label))?;
        let mut document = Document::read(&old.value.document)?;
        document.remove(&input.label)?;
        let mut transaction = Transaction::new();
        transaction.require::<QueueRecord>(&found.key, found.revision);
        add_permission::write(&mut transaction, &queue, Some(&old), &document.text())?;
        Ok((transaction, ()))
    }
}
