//! UpdateFunctionCode.

use super::package::CodeSource;
use super::{configuration, edit, package, refused};
use crate::usage::AccountUsage;
use crate::{Control, messages};
use api::lambda::{FunctionConfiguration, UpdateFunctionCode, UpdateFunctionCodeRequest};
use api::{Handle, Request};
use store::records::{FunctionRecord, UpdateStatus};
use types::{RevisionId, ServiceError};

impl Handle<UpdateFunctionCode> for Control {
    async fn handle(
        &self,
        request: Request<UpdateFunctionCodeRequest>,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let Request { input, context, audit, .. } = request;
        refused::in_code_update(&input)?;
        let function = edit::to_change(&input.function_name, &context)?;
        let old = self.find_settled(&function).await?;
        edit::same_revision(input.revision_id.as_deref(), &old.value)?;
        let zip = package::zip(&CodeSource {
            zip: input.zip_file.as_ref(),
            s3_bucket: input.s3_bucket.is_some() || input.s3_key.is_some(),
            image: input.image_uri.is_some(),
            source_key: input.source_kms_key_arn.as_ref().is_some_and(|k| !k.is_empty()),
        })?;
        let checked = package::check(zip).await?;
        if input.dry_run == Some(true) {
            let mut shown = configuration::show(self, &old.value, None);
            shown.code_sha256 = Some(checked.sha256);
            return Ok(shown);
        }
        let reserved = AccountUsage { functions: 0, code_bytes: checked.size() };
        let reservation =
            self.usage.reserve(function.account, reserved).ok_or_else(messages::code_storage_exceeded)?;
        let (code, package) = self.keep(checked).await?;
        let new = FunctionRecord {
            code,
            revision: RevisionId::generate(&*self.parts.random),
            modified: self.parts.clock.now(),
            last_update: UpdateStatus::InProgress,
            ..old.value.clone()
        };
        if let Err(error) = self.replace(&old, &new, Some(package), &audit).await {
            self.discard(&new.code).await;
            return Err(error);
        }
        reservation.keep();
        let replaced = AccountUsage { functions: 0, code_bytes: old.value.code.size };
        self.usage.release(new.account, replaced);
        self.discard(&old.value.code).await;
        Ok(configuration::show(self, &new, None))
    }
}
