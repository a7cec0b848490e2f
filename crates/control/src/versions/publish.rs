//! PublishVersion.

use crate::commit::{Committed, TRIES};
use crate::functions::{configuration, edit};
use crate::{Control, messages};
use api::lambda::{FunctionConfiguration, PublishVersion, PublishVersionRequest};
use api::{AuditEntry, Handle, Request};
use store::Transaction;
use store::records::FunctionRecord;
use types::{FunctionRef, ServiceError};

use super::Publication;

impl Handle<PublishVersion> for Control {
    async fn handle(
        &self,
        request: Request<PublishVersionRequest>,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let Request { input, context, audit, .. } = request;
        if input.publish_to.is_some() {
            return Err(messages::not_built("PublishTo"));
        }
        let function = edit::to_change(&input.function_name, &context)?;
        edit::to_the_end(self.clone().publish(function, input, audit)).await
    }
}

impl Control {
    async fn publish(
        self,
        function: FunctionRef,
        input: PublishVersionRequest,
        audit: AuditEntry,
    ) -> Result<FunctionConfiguration, ServiceError> {
        for _ in 0..TRIES {
            let latest = self.find_settled(&function).await?;
            let releases = self.releases(&function).await?;
            edit::same_revision(input.revision_id.as_deref(), &latest.value)?;
            same_code(input.code_sha256.as_deref(), &latest.value)?;
            let mut transaction = Transaction::new();
            transaction.require::<FunctionRecord>(&latest.key, latest.revision);
            let description = input.description.as_deref();
            let publication =
                self.publication(&releases, &latest.value, description, &mut transaction).await?;
            if let Publication::Unchanged(version) = &publication {
                return Ok(configuration::published(&self, version));
            }
            if self.commit(transaction, &audit).await? == Committed::Done {
                return Ok(configuration::published(&self, &publication.keep()));
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }
}

/// The caller's CodeSha256, where it sent one, must be that of `$LATEST`.
fn same_code(asked: Option<&str>, latest: &FunctionRecord) -> Result<(), ServiceError> {
    match asked.filter(|asked| !asked.is_empty() && *asked != latest.code.sha256) {
        Some(asked) => Err(messages::other_code(asked, &latest.code.sha256)),
        None => Ok(()),
    }
}
