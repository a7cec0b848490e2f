//! What is tagged.

use crate::functions::edit;
use crate::messages;
use api::Context;
use types::{Arn, FunctionRef, ServiceError};

/// The function whose ARN this is. The kinds of resources that Lambda has besides are not built, so that none is there.
pub(super) fn function(arn: &str, context: &Context) -> Result<FunctionRef, ServiceError> {
    let is_function = arn.parse::<Arn>().is_ok_and(|arn| arn.resource.starts_with("function:"));
    if !is_function {
        return Err(messages::tags::no_resource());
    }
    let function = edit::named(arn, None, context)?;
    if function.qualifier.is_some() {
        return Err(messages::tags::functions_only());
    }
    Ok(function)
}
