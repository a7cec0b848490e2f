//! The layer that a caller named.

use crate::messages;
use api::Context;
use types::{LayerRef, LayerVersionRef, ServiceError};

/// The layer of a request's LayerName.
pub(super) fn layer(name: &str, context: &Context) -> Result<LayerRef, ServiceError> {
    let layer = LayerRef::parse(name, context.account, &context.region);
    let layer = layer.map_err(|_| messages::malformed_layer(name))?;
    here(&layer, context).map(|()| layer)
}

/// The layer version of a request's LayerName and VersionNumber.
pub(crate) fn version(name: &str, number: i64, context: &Context) -> Result<LayerVersionRef, ServiceError> {
    let layer = layer(name, context)?;
    match u64::try_from(number) {
        Ok(number @ 1..) => Ok(layer.version(number)),
        _ => Err(messages::layer_version_below_one()),
    }
}

/// The layer version that an ARN names.
pub(super) fn by_arn(arn: &str, context: &Context) -> Result<LayerVersionRef, ServiceError> {
    // What else the constraints let through names no version that there can be, such as `awslayer`, the service's own.
    let version: LayerVersionRef = arn.parse().map_err(|_| messages::no_such_resource())?;
    here(&version.layer, context).map(|()| version)
}

fn here(layer: &LayerRef, context: &Context) -> Result<(), ServiceError> {
    if layer.region == context.region {
        Ok(())
    } else {
        Err(messages::layer_of_other_region(layer, &context.region))
    }
}
