//! DeleteFunction.

use super::edit;
use crate::commit::{Committed, TRIES};
use crate::usage::AccountUsage;
use crate::{Control, messages, scan};
use api::lambda::{DeleteFunction, DeleteFunctionRequest, DeleteFunctionResponse};
use api::{AuditEntry, Handle, Request};
use store::Transaction;
use store::records::{AliasRecord, FunctionPolicyRecord, FunctionRecord, TagsRecord, VersionRecord};
use types::{FunctionRef, Qualifier, ServiceError, Version};

impl Handle<DeleteFunction> for Control {
    /// A deletion doesn't wait for a change that is under way: it ends it.
    async fn handle(
        &self,
        request: Request<DeleteFunctionRequest>,
    ) -> Result<DeleteFunctionResponse, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        let deleted = match function.qualifier {
            Some(Qualifier::Version(Version::Latest)) => Err(messages::latest_not_deletable()),
            Some(Qualifier::Alias(_)) => Err(messages::alias_not_deletable()),
            Some(Qualifier::Version(Version::Number(number))) => {
                edit::to_the_end(self.clone().delete_version(function, number, audit)).await
            }
            None => edit::to_the_end(self.clone().delete(function, audit)).await,
        };
        deleted.map(|()| DeleteFunctionResponse { status_code: Some(204) })
    }
}

impl Control {
    /// Deletes a function with everything that belongs to it. Only the count of its releases stays.
    async fn delete(self, function: FunctionRef, audit: AuditEntry) -> Result<(), ServiceError> {
        for _ in 0..TRIES {
            let releases = self.releases(&function).await?;
            let stored = self.find(&function).await?;
            let published = self.published_bytes(&function).await?;
            let share = self.share(function.account, &function.name).await?;
            let mut transaction = Transaction::new();
            transaction.delete::<FunctionRecord>(&stored.key, stored.revision);
            releases.end(&mut transaction);
            share.give_back(&mut transaction);
            remove_belongings(&function, &mut transaction)?;
            if self.commit(transaction, &audit).await? == Committed::Done {
                let code_bytes = stored.value.code.size + published;
                self.usage.release(function.account, AccountUsage { functions: 1, code_bytes });
                return Ok(());
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }

    /// What the function's versions count for. It holds as long as the releases do.
    async fn published_bytes(&self, function: &FunctionRef) -> Result<u64, ServiceError> {
        let all = VersionRecord::all_of(function.account, &function.name).map_err(messages::failed)?;
        let (mut bytes, mut pages) = (0, scan::within::<VersionRecord>(&self.parts.store, all));
        while let Some(page) = pages.next().await.map_err(messages::failed)? {
            bytes += page.iter().map(|stored| stored.value.code.size).sum::<u64>();
        }
        Ok(bytes)
    }
}

fn remove_belongings(function: &FunctionRef, transaction: &mut Transaction) -> Result<(), ServiceError> {
    let FunctionRef { account, name, .. } = function;
    let versions = VersionRecord::all_of(*account, name).map_err(messages::failed)?;
    let aliases = AliasRecord::all_of(*account, name).map_err(messages::failed)?;
    let policies = FunctionPolicyRecord::all_of(*account, name).map_err(messages::failed)?;
    let tags = TagsRecord::place(*account, name).map_err(messages::failed)?;
    transaction
        .remove_all::<VersionRecord>(&versions)
        .remove_all::<AliasRecord>(&aliases)
        .remove_all::<FunctionPolicyRecord>(&policies)
        .remove::<TagsRecord>(&tags);
    Ok(())
}
