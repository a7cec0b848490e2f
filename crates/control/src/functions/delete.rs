//! DeleteFunction.

use super::edit;
use crate::usage::AccountUsage;
use crate::{Control, messages};
use api::lambda::{DeleteFunction, DeleteFunctionRequest, DeleteFunctionResponse};
use api::{AuditEntry, Handle, Request};
use store::records::{FunctionPolicyRecord, FunctionRecord, TagsRecord};
use store::{StoreError, Stored, Transaction};
use types::{FunctionRef, Qualifier, ServiceError, Version};

impl Handle<DeleteFunction> for Control {
    /// A deletion doesn't wait for a change that is under way: it ends it.
    async fn handle(
        &self,
        request: Request<DeleteFunctionRequest>,
    ) -> Result<DeleteFunctionResponse, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        match function.qualifier {
            Some(Qualifier::Version(Version::Latest)) => return Err(messages::latest_not_deletable()),
            Some(Qualifier::Alias(_)) => return Err(messages::alias_not_deletable()),
            _ => {}
        }
        edit::to_the_end(self.clone().delete(function, audit)).await
    }
}

impl Control {
    async fn delete(
        self,
        function: FunctionRef,
        audit: AuditEntry,
    ) -> Result<DeleteFunctionResponse, ServiceError> {
        for _ in 0..edit::TRIES {
            let stored = self.find(&function).await?;
            let policies = FunctionPolicyRecord::all_of(function.account, &function.name);
            let tags = TagsRecord::place(function.account, &function.name).map_err(messages::failed)?;
            let share = self.share(function.account, &function.name).await?;
            let mut transaction = Transaction::new();
            transaction.delete::<FunctionRecord>(&stored.key, stored.revision);
            transaction.remove_all::<FunctionPolicyRecord>(&policies.map_err(messages::failed)?);
            transaction.remove::<TagsRecord>(&tags);
            share.give_back(&mut transaction);
            audit.succeed_in(&mut transaction);
            match self.parts.store.commit(transaction).await {
                Ok(_) => {
                    self.forget(&stored).await;
                    return Ok(DeleteFunctionResponse { status_code: Some(204) });
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(messages::failed(error)),
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }

    async fn forget(&self, deleted: &Stored<FunctionRecord>) {
        let record = &deleted.value;
        self.usage.release(record.account, AccountUsage { functions: 1, code_bytes: record.code.size });
        self.discard(&record.code).await;
    }
}
