//! What is said about tags.

use super::invalid;
use types::ServiceError;

/// Source: recorded on TagResource with the ARN of a version or alias.
pub(crate) fn functions_only() -> ServiceError {
    invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
}

/// Source: recorded on CreateFunction and TagResource with more than 50 tags.
pub(crate) fn too_many() -> ServiceError {
    invalid("Number of tags exceeds resource tag limit.")
}

/// Source: recorded on TagResource with an empty map.
pub(crate) fn none() -> ServiceError {
    invalid("An error occurred and the request cannot be processed.")
}

/// Source: recorded on CloudFormation's CreateStack, a service with the same rule; no recording of Lambda's own words was found.
pub(crate) fn reserved_prefix() -> ServiceError {
    invalid("aws: prefixed tag key names are not allowed for external use.")
}

/// Source: recorded on GetEventSourceMapping of one that is not there; no recording was found of tags of anything but
/// functions.
pub(crate) fn no_resource() -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 404, "The resource you requested does not exist.")
}
