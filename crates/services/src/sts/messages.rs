//! Every message of this service that a client can see, with its source.

use types::ServiceError;

/// Source: InternalFailure in the common errors of the API reference. A permit without an account can't come about.
pub(super) fn nobody() -> ServiceError {
    ServiceError::internal("InternalFailure", "a caller without an account was permitted")
}
