//! PublishLayerVersion.

use super::{compatible, named, show};
use crate::commit::{Committed, TRIES};
use crate::functions::edit;
use crate::functions::package::{self, Checked, CodeSource};
use crate::usage::AccountUsage;
use crate::{Control, messages};
use api::lambda::{
    GetLayerVersionResponse, LayerVersionContentInput, PublishLayerVersion, PublishLayerVersionRequest,
    PublishLayerVersionResponse,
};
use api::{AuditEntry, Handle, Request};
use bytes::Bytes;
use store::records::{CodeRecord, LayerRecord, LayerVersionRecord};
use store::{FreshBlob, Transaction};
use types::{LayerRef, ServiceError};

/// What a new version is, beside its number and its package.
struct Publication {
    layer: LayerRef,
    description: String,
    license: Option<String>,
    runtimes: Option<Vec<String>>,
    architectures: Option<Vec<String>>,
}

impl Handle<PublishLayerVersion> for Control {
    async fn handle(
        &self,
        request: Request<PublishLayerVersionRequest>,
    ) -> Result<PublishLayerVersionResponse, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let layer = named::layer(&input.layer_name, &context)?;
        let runtimes = input.compatible_runtimes;
        compatible::check_runtimes(runtimes.as_deref().unwrap_or_default(), &self.parts.runtimes)?;
        let publication = Publication {
            layer,
            description: input.description.unwrap_or_default(),
            license: input.license_info,
            runtimes,
            architectures: input.compatible_architectures,
        };
        let checked = self.check_package(zip(&input.content)?).await?;
        let record = edit::to_the_end(self.clone().publish_layer(publication, checked, audit)).await?;
        Ok(published(show::whole(self, &record, &context)?))
    }
}

fn zip(content: &LayerVersionContentInput) -> Result<Bytes, ServiceError> {
    let from_bucket = content.s3_bucket.is_some()
        || content.s3_key.is_some()
        || content.s3_object_version.is_some()
        || content.s3_object_storage_mode.is_some();
    package::zip(&CodeSource {
        zip: content.zip_file.as_ref(),
        s3_bucket: from_bucket,
        image: false,
        source_key: false,
    })
}

impl Control {
    /// Stores the package and the version under the layer's next number.
    async fn publish_layer(
        self,
        publication: Publication,
        checked: Checked,
        audit: AuditEntry,
    ) -> Result<LayerVersionRecord, ServiceError> {
        let reserved = AccountUsage { functions: 0, code_bytes: checked.size() };
        let reservation = self.usage.reserve(publication.layer.account, reserved);
        let reservation = reservation.ok_or_else(messages::code_storage_exceeded)?;
        for _ in 0..TRIES {
            let (code, package) = self.keep(&checked).await?;
            match self.insert_layer_version(&publication, code, package, &audit).await {
                Ok(Some(record)) => {
                    reservation.keep();
                    return Ok(record);
                }
                Ok(None) => self.garbage.left(),
                Err(error) => {
                    self.garbage.left();
                    return Err(error);
                }
            }
        }
        Err(messages::update_in_progress(&publication.layer.arn()))
    }

    /// `None` where somebody else took the number.
    async fn insert_layer_version(
        &self,
        publication: &Publication,
        code: CodeRecord,
        package: FreshBlob,
        audit: &AuditEntry,
    ) -> Result<Option<LayerVersionRecord>, ServiceError> {
        let LayerRef { account, name, .. } = &publication.layer;
        let place = LayerRecord::place(*account, name.as_str()).map_err(messages::failed)?;
        let layer = self.parts.store.get::<LayerRecord>(&place).await.map_err(messages::failed)?;
        let number = layer.as_ref().map_or(0, |layer| layer.value.last_version) + 1;
        let record = publication.record(number, code, self.parts.clock.now());
        let mut transaction = Transaction::new();
        match layer {
            Some(old) => transaction.replace(&place, &LayerRecord { last_version: number }, old.revision),
            None => transaction.insert(&place, &LayerRecord { last_version: number }),
        };
        let place = LayerVersionRecord::place(*account, name.as_str(), number).map_err(messages::failed)?;
        transaction.insert(&place, &record).hold(package);
        let committed = self.commit(transaction, audit).await?;
        Ok((committed == Committed::Done).then_some(record))
    }
}

impl Publication {
    fn record(&self, number: u64, code: CodeRecord, created: types::Timestamp) -> LayerVersionRecord {
        LayerVersionRecord {
            account: self.layer.account,
            layer: self.layer.name.to_string(),
            number,
            code,
            description: self.description.clone(),
            license: self.license.clone(),
            runtimes: self.runtimes.clone(),
            architectures: self.architectures.clone(),
            created,
        }
    }
}

/// The two answers have the same members.
fn published(shown: GetLayerVersionResponse) -> PublishLayerVersionResponse {
    PublishLayerVersionResponse {
        content: shown.content,
        layer_arn: shown.layer_arn,
        layer_version_arn: shown.layer_version_arn,
        description: shown.description,
        created_date: shown.created_date,
        version: shown.version,
        compatible_architectures: shown.compatible_architectures,
        compatible_runtimes: shown.compatible_runtimes,
        license_info: shown.license_info,
    }
}
