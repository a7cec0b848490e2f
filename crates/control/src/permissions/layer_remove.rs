//! RemoveLayerVersionPermission.

use super::policy::{self, Expected};
use crate::Control;
use crate::layers::named;
use api::lambda::{RemoveLayerVersionPermission, RemoveLayerVersionPermissionRequest};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<RemoveLayerVersionPermission> for Control {
    /// Functions that use the version already go on.
    async fn handle(
        &self,
        request: Request<RemoveLayerVersionPermissionRequest>,
    ) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        let version = named::version(&input.layer_name, input.version_number, &context)?;
        let expected = Expected::of_layer_version(input.revision_id.as_deref());
        let change = policy::removing(&input.statement_id, expected);
        self.change_policy(&version, &audit, change).await?;
        Ok(())
    }
}
