//! GetFunction and GetFunctionConfiguration.

use super::{configuration, edit};
use crate::Control;
use api::lambda::{
    Concurrency, FunctionCodeLocation, FunctionConfiguration, GetFunction, GetFunctionConfiguration,
    GetFunctionConfigurationRequest, GetFunctionRequest, GetFunctionResponse,
};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetFunction> for Control {
    async fn handle(
        &self,
        request: Request<GetFunctionRequest>,
    ) -> Result<GetFunctionResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        let stored = self.find(&function).await?;
        let blob = stored.value.code.blob.to_string();
        let location = self.parts.downloads.link(&context.endpoint, &blob, context.now);
        let share = self.share(function.account, &function.name).await?;
        let reserved = share.reserved().map(i64::from);
        Ok(GetFunctionResponse {
            concurrency: reserved
                .map(|reserved| Concurrency { reserved_concurrent_executions: Some(reserved) }),
            configuration: Some(configuration::show(self, &stored.value, Some(&function))),
            code: Some(FunctionCodeLocation {
                repository_type: Some("S3".to_owned()),
                location: Some(location),
                ..FunctionCodeLocation::default()
            }),
            ..GetFunctionResponse::default()
        })
    }
}

impl Handle<GetFunctionConfiguration> for Control {
    async fn handle(
        &self,
        request: Request<GetFunctionConfigurationRequest>,
    ) -> Result<FunctionConfiguration, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        let stored = self.find(&function).await?;
        Ok(configuration::show(self, &stored.value, Some(&function)))
    }
}
