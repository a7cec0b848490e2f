//! GetFunctionConcurrency.

use super::put::unqualified;
use crate::Control;
use api::lambda::{GetFunctionConcurrency, GetFunctionConcurrencyRequest, GetFunctionConcurrencyResponse};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetFunctionConcurrency> for Control {
    async fn handle(
        &self,
        request: Request<GetFunctionConcurrencyRequest>,
    ) -> Result<GetFunctionConcurrencyResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = unqualified(&input.function_name, &context)?;
        let stored = self.find(&function).await?;
        let share = self.share(stored.value.account, &stored.value.name).await?;
        Ok(GetFunctionConcurrencyResponse { reserved_concurrent_executions: share.reserved().map(i64::from) })
    }
}
