//! DeleteAlias.

use super::show;
use crate::commit::{Committed, TRIES};
use crate::{Control, messages};
use api::lambda::{DeleteAlias, DeleteAliasRequest};
use api::{Handle, Request};
use store::Transaction;
use store::records::{AliasRecord, FunctionPolicyRecord};
use types::ServiceError;

impl Handle<DeleteAlias> for Control {
    /// Deletes the alias with its policy. One that is not there is deleted already (source: the API model calls the
    /// operation idempotent).
    async fn handle(&self, request: Request<DeleteAliasRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        let named = show::named(&input.function_name, input.name, &context)?;
        let function = &named.function;
        let policy = FunctionPolicyRecord::place(function.account, &function.name, Some(&named.name));
        let policy = policy.map_err(messages::failed)?;
        for _ in 0..TRIES {
            let releases = self.releases(function).await?;
            let latest = self.find(function).await?;
            let Some(old) = self.alias(function, &named.name).await? else { return Ok(()) };
            let mut transaction = Transaction::new();
            releases.hold(&latest, &mut transaction);
            transaction
                .delete::<AliasRecord>(&named.key, old.revision)
                .remove::<FunctionPolicyRecord>(&policy);
            if self.commit(transaction, &audit).await? == Committed::Done {
                return Ok(());
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }
}
