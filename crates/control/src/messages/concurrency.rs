//! What is said about reserved concurrency.

use super::invalid;
use types::ServiceError;

/// Source: recorded on PutFunctionConcurrency.
pub(crate) fn too_little_unreserved(minimum: u32) -> ServiceError {
    invalid(format!(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
         its minimum value of [{minimum}]."
    ))
}

/// Source: recorded on PutFunctionConcurrency with a qualifier.
pub(crate) fn functions_only() -> ServiceError {
    invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
         Please specify either a function name or an unqualified function ARN.",
    )
}
