//! A stored layer version, as the API shows it.

use crate::account::signed;
use crate::{Control, lambda_time};
use api::Context;
use api::lambda::{GetLayerVersionResponse, LayerVersionContentOutput, LayerVersionsListItem};
use store::records::LayerVersionRecord;
use types::{LayerRef, Region, ServiceError};

/// The layer of a record.
pub(super) fn layer(record: &LayerVersionRecord, region: &Region) -> Result<LayerRef, ServiceError> {
    let name = record.layer.parse().map_err(crate::messages::failed)?;
    Ok(LayerRef { account: record.account, region: region.clone(), name })
}

/// All of it, with a link to exactly the zip that was published.
pub(super) fn whole(
    control: &Control,
    record: &LayerVersionRecord,
    context: &Context,
) -> Result<GetLayerVersionResponse, ServiceError> {
    let layer = layer(record, &control.parts.region)?;
    let blob = record.code.blob.to_string();
    let link = control.parts.downloads.link(&context.endpoint, context.account, &blob, context.now);
    let item = item(record, &layer);
    Ok(GetLayerVersionResponse {
        content: Some(LayerVersionContentOutput {
            location: Some(link),
            code_sha256: Some(record.code.sha256.clone()),
            code_size: Some(signed(record.code.size)),
            ..LayerVersionContentOutput::default()
        }),
        layer_arn: Some(layer.arn()),
        layer_version_arn: item.layer_version_arn,
        description: item.description,
        created_date: item.created_date,
        version: item.version,
        compatible_architectures: item.compatible_architectures,
        compatible_runtimes: item.compatible_runtimes,
        license_info: item.license_info,
    })
}

/// What lists show. Source for lists that are empty: recorded on PublishLayerVersion.
pub(super) fn item(record: &LayerVersionRecord, layer: &LayerRef) -> LayerVersionsListItem {
    LayerVersionsListItem {
        layer_version_arn: Some(layer.clone().version(record.number).arn()),
        version: Some(signed(record.number)),
        description: Some(record.description.clone()),
        created_date: Some(lambda_time::format(record.created)),
        compatible_architectures: record.architectures.clone(),
        compatible_runtimes: record.runtimes.clone(),
        license_info: record.license.clone(),
    }
}
