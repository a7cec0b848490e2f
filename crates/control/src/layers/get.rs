//! GetLayerVersion and GetLayerVersionByArn.

use super::{named, show};
use crate::{Control, messages};
use api::lambda::{
    GetLayerVersion, GetLayerVersionByArn, GetLayerVersionByArnRequest, GetLayerVersionRequest,
    GetLayerVersionResponse,
};
use api::{Context, Handle, Request};
use store::Stored;
use store::records::LayerVersionRecord;
use types::{LayerVersionRef, ServiceError};

impl Handle<GetLayerVersion> for Control {
    async fn handle(
        &self,
        request: Request<GetLayerVersionRequest>,
    ) -> Result<GetLayerVersionResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let version = named::version(&input.layer_name, input.version_number, &context)?;
        self.shown_layer_version(&version, &context).await
    }
}

impl Handle<GetLayerVersionByArn> for Control {
    async fn handle(
        &self,
        request: Request<GetLayerVersionByArnRequest>,
    ) -> Result<GetLayerVersionResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let version = named::by_arn(&input.arn, &context)?;
        self.shown_layer_version(&version, &context).await
    }
}

impl Control {
    async fn shown_layer_version(
        &self,
        version: &LayerVersionRef,
        context: &Context,
    ) -> Result<GetLayerVersionResponse, ServiceError> {
        let stored = self.layer_version(version).await?.ok_or_else(messages::no_such_resource)?;
        show::whole(self, &stored.value, context)
    }

    /// Reads a layer version.
    pub(crate) async fn layer_version(
        &self,
        version: &LayerVersionRef,
    ) -> Result<Option<Stored<LayerVersionRecord>>, ServiceError> {
        let LayerVersionRef { layer, number } = version;
        let key = LayerVersionRecord::place(layer.account, layer.name.as_str(), *number);
        let key = key.map_err(messages::failed)?;
        self.parts.store.get(&key).await.map_err(messages::failed)
    }
}
