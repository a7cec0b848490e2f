//! UpdateFunctionCode.

use super::edit::Publish;
use super::package::{Checked, CodeSource};
use super::{configuration, edit, package, refused};
use crate::account::signed;
use crate::commit::{Committed, TRIES};
use crate::layers;
use crate::usage::AccountUsage;
use crate::{Control, messages};
use api::lambda::{FunctionConfiguration, UpdateFunctionCode, UpdateFunctionCodeRequest};
use api::{AuditEntry, Handle, Request};
use store::Transaction;
use store::records::FunctionRecord;
use types::{FunctionRef, ServiceError};

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
            s3_bucket: input.s3_bucket.is_some()
                || input.s3_key.is_some()
                || input.s3_object_version.is_some()
                || input.s3_object_storage_mode.is_some(),
            image: input.image_uri.is_some(),
            source_key: input.source_kms_key_arn.as_ref().is_some_and(|k| !k.is_empty()),
        })?;
        let checked = self.check_package(zip).await?;
        layers::fits(checked.unzipped, &old.value.configuration.layers)?;
        if input.dry_run == Some(true) {
            let mut shown = configuration::show(self, &old.value, None);
            shown.code_size = Some(signed(checked.size()));
            shown.code_sha256 = Some(checked.sha256);
            return Ok(shown);
        }
        let publish = Publish::asked(input.publish);
        let control = self.clone();
        edit::to_the_end(async move {
            let updated = control.update_code(function, input.revision_id, checked, publish, audit).await;
            // The old package, or the new one.
            control.garbage.left();
            updated
        })
        .await
    }
}

impl Control {
    /// Stores the package and makes it the function's, and publishes the function where that was asked for.
    async fn update_code(
        &self,
        function: FunctionRef,
        revision: Option<String>,
        checked: Checked,
        publish: Publish,
        audit: AuditEntry,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let reserved = AccountUsage { functions: 0, code_bytes: checked.size() };
        let reservation =
            self.usage.reserve(function.account, reserved).ok_or_else(messages::code_storage_exceeded)?;
        for _ in 0..TRIES {
            let old = self.find_settled(&function).await?;
            edit::same_revision(revision.as_deref(), &old.value)?;
            // Others may have given it more layers since.
            layers::fits(checked.unzipped, &old.value.configuration.layers)?;
            let (code, package) = self.keep(&checked).await?;
            let new = self.changed_now(FunctionRecord { code, ..old.value.clone() });
            let mut transaction = Transaction::new();
            transaction.hold(package);
            let publication = match publish {
                Publish::Yes => Some(self.publish_in(&function, &new, &mut transaction).await?),
                Publish::No => None,
            };
            if self.replace(&old, &new, transaction, &audit).await? == Committed::Done {
                reservation.keep();
                let replaced = AccountUsage { functions: 0, code_bytes: old.value.code.size };
                self.usage.release(new.account, replaced);
                return Ok(match publication {
                    Some(publication) => configuration::published(self, &publication.keep()),
                    None => configuration::show(self, &new, None),
                });
            }
        }
        Err(messages::update_in_progress(&function.unqualified_arn()))
    }
}
