//! PutFunctionConcurrency.

use super::share::minimum_unreserved;
use crate::functions::edit;
use crate::{Control, messages};
use api::lambda::{Concurrency, PutFunctionConcurrency, PutFunctionConcurrencyRequest};
use api::{Context, Handle, Request};
use types::{FunctionRef, ServiceError};

impl Handle<PutFunctionConcurrency> for Control {
    async fn handle(
        &self,
        request: Request<PutFunctionConcurrencyRequest>,
    ) -> Result<Concurrency, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = unqualified(&input.function_name, &context)?;
        // More than any account has; the constraints of the API keep it from being negative.
        let reserved = u32::try_from(input.reserved_concurrent_executions).map_err(|_| {
            messages::concurrency::too_little_unreserved(minimum_unreserved(self.parts.account_concurrency))
        })?;
        self.reserve(&function, Some(reserved), &audit).await?;
        Ok(Concurrency { reserved_concurrent_executions: Some(reserved.into()) })
    }
}

/// The function that a caller named; its versions share the reservation.
pub(super) fn unqualified(name: &str, context: &Context) -> Result<FunctionRef, ServiceError> {
    let function = edit::named(name, None, context)?;
    if function.qualifier.is_some() {
        return Err(messages::concurrency::functions_only());
    }
    Ok(function)
}
