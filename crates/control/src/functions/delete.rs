//! DeleteFunction.

use super::edit;
use crate::usage::AccountUsage;
use crate::{Control, messages};
use api::lambda::{DeleteFunction, DeleteFunctionRequest, DeleteFunctionResponse};
use api::{AuditEntry, Handle, Request};
use store::records::{AliasRecord, FunctionPolicyRecord, FunctionRecord, TagsRecord, VersionRecord};
use store::{Key, StoreError, Transaction};
use types::{FunctionRef, Qualifier, ServiceError, Version};

/// Versions that one read counts.
const PAGE: usize = 100;

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
        for _ in 0..edit::TRIES {
            let releases = self.releases(&function).await?;
            let stored = self.find(&function).await?;
            let published = self.published_bytes(&function).await?;
            let share = self.share(function.account, &function.name).await?;
            let mut transaction = Transaction::new();
            transaction.delete::<FunctionRecord>(&stored.key, stored.revision);
            releases.end(&mut transaction);
            share.give_back(&mut transaction);
            remove_belongings(&function, &mut transaction)?;
            audit.succeed_in(&mut transaction);
            match self.parts.store.commit(transaction).await {
                Ok(_) => {
                    let code_bytes = stored.value.code.size + published;
                    self.usage.release(function.account, AccountUsage { functions: 1, code_bytes });
                    return Ok(());
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(messages::failed(error)),
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }

    /// What the function's versions count for. It holds as long as the releases do.
    async fn published_bytes(&self, function: &FunctionRef) -> Result<u64, ServiceError> {
        let all = VersionRecord::all_of(function.account, &function.name).map_err(messages::failed)?;
        let (mut bytes, mut after) = (0, None::<Key>);
        loop {
            let page = self.parts.store.scan::<VersionRecord>(&all, after.as_ref(), PAGE).await;
            let page = page.map_err(messages::failed)?;
            bytes += page.iter().map(|stored| stored.value.code.size).sum::<u64>();
            match page.last().filter(|_| page.len() == PAGE) {
                Some(last) => after = Some(last.key.clone()),
                None => return Ok(bytes),
            }
        }
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
