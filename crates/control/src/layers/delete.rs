//! DeleteLayerVersion.

use super::named;
use crate::functions::edit;
use crate::usage::AccountUsage;
use crate::{Control, messages};
use api::lambda::{DeleteLayerVersion, DeleteLayerVersionRequest};
use api::{AuditEntry, Handle, Request};
use store::records::{LayerPolicyRecord, LayerVersionRecord};
use store::{StoreError, Transaction};
use types::{LayerVersionRef, ServiceError};

impl Handle<DeleteLayerVersion> for Control {
    /// A version that is not there is as deleted as the caller wants it. Source: the service answers 204 again.
    async fn handle(&self, request: Request<DeleteLayerVersionRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        let version = named::version(&input.layer_name, input.version_number, &context)?;
        edit::to_the_end(self.clone().delete_layer_version(version, audit)).await
    }
}

impl Control {
    /// Removes the version and its policy. The package goes when no function uses it any more.
    async fn delete_layer_version(
        self,
        version: LayerVersionRef,
        audit: AuditEntry,
    ) -> Result<(), ServiceError> {
        let Some(stored) = self.layer_version(&version).await? else { return Ok(()) };
        let mut transaction = Transaction::new();
        transaction
            .delete::<LayerVersionRecord>(&stored.key, stored.revision)
            .remove::<LayerPolicyRecord>(&stored.key);
        audit.succeed_in(&mut transaction);
        match self.parts.store.commit(transaction).await {
            Ok(_) => {
                let gone = AccountUsage { functions: 0, code_bytes: stored.value.code.size };
                self.usage.release(stored.value.account, gone);
                Ok(())
            }
            // A version never changes: somebody else deleted it.
            Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(messages::failed(error)),
        }
    }
}
