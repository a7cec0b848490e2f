//! GetFunctionCodeSigningConfig: deployment tools ask it of every function. No function has one, because none can be given.

use super::edit;
use crate::Control;
use api::lambda::{
    GetFunctionCodeSigningConfig, GetFunctionCodeSigningConfigRequest, GetFunctionCodeSigningConfigResponse,
};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetFunctionCodeSigningConfig> for Control {
    /// The model demands an ARN: an empty one says that there is none, as in requests.
    async fn handle(
        &self,
        request: Request<GetFunctionCodeSigningConfigRequest>,
    ) -> Result<GetFunctionCodeSigningConfigResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::named(&input.function_name, None, &context)?;
        let stored = self.find(&function).await?;
        Ok(GetFunctionCodeSigningConfigResponse {
            function_name: stored.value.name.to_string(),
            ..GetFunctionCodeSigningConfigResponse::default()
        })
    }
}
