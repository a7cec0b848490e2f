//! DeleteFunctionConcurrency.

use super::put::unqualified;
use crate::Control;
use api::lambda::{DeleteFunctionConcurrency, DeleteFunctionConcurrencyRequest};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<DeleteFunctionConcurrency> for Control {
    /// Giving back what was never reserved is a success.
    async fn handle(&self, request: Request<DeleteFunctionConcurrencyRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        self.reserve(&unqualified(&input.function_name, &context)?, None, &audit).await
    }
}
