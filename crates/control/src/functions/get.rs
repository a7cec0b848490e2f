//! GetFunction and GetFunctionConfiguration.

use super::configuration::View;
use super::{configuration, edit};
use crate::Control;
use api::lambda::{
    Concurrency, FunctionCodeLocation, FunctionConfiguration, GetFunction, GetFunctionConfiguration,
    GetFunctionConfigurationRequest, GetFunctionRequest, GetFunctionResponse,
};
use api::{Handle, Request};
use std::collections::BTreeMap;
use types::ServiceError;

impl Handle<GetFunction> for Control {
    async fn handle(
        &self,
        request: Request<GetFunctionRequest>,
    ) -> Result<GetFunctionResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        let found = self.resolve(&function).await?;
        let blob = View::from(&found).code.blob.to_string();
        let location = self.parts.downloads.link(&context.endpoint, context.account, &blob, context.now);
        let tags = if context.shows_more { self.tags_of(&function).await? } else { BTreeMap::new() };
        let share = self.share(function.account, &function.name).await?;
        let reserved = share.reserved().map(i64::from);
        Ok(GetFunctionResponse {
            tags: Some(tags).filter(|tags| !tags.is_empty()),
            concurrency: reserved
                .map(|reserved| Concurrency { reserved_concurrent_executions: Some(reserved) }),
            configuration: Some(configuration::show(self, &found, Some(&function))),
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
        let found = self.resolve(&function).await?;
        Ok(configuration::show(self, &found, Some(&function)))
    }
}
