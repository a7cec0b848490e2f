//! Every message of the data plane that a client can see, with its source. (Those about a function that is not there are
//! `api::function_errors`.)

use types::ServiceError;

/// Source: recorded on Invoke of a function that is not Active yet: "The operation cannot be performed at this time. The
/// function is currently in the following state: Pending".
pub(crate) fn pending() -> ServiceError {
    let message = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    ServiceError::caller("ResourceConflictException", 409, message)
}

/// Source: recorded: the message begins with "Could not parse request body into json: Could not parse payload into
/// json: "; the rest is the parser's own.
pub(crate) fn payload_not_json(reason: &str) -> ServiceError {
    let message =
        format!("Could not parse request body into json: Could not parse payload into json: {reason}");
    ServiceError::caller("InvalidRequestContentException", 400, message)
}

/// Source: ClientContext "must be base64-encoded JSON" (API reference, Invoke); the code is Invoke's own for content.
pub(crate) fn client_context_unreadable() -> ServiceError {
    let message = "Client context must be a valid Base64-encoded JSON object.";
    ServiceError::caller("InvalidRequestContentException", 400, message)
}

/// Source: recorded: 429 "Rate Exceeded." with Reason and Retry-After.
pub(crate) fn too_many_requests(reason: &'static str) -> ServiceError {
    ServiceError::caller("TooManyRequestsException", 429, "Rate Exceeded.")
        .with("Reason", reason)
        .with("retryAfterSeconds", "1")
}

/// The account's limit is reached. Source: the values of Reason in the API reference.
pub(crate) const ACCOUNT_LIMIT: &str = "ConcurrentInvocationLimitExceeded";
/// The function's own limit is reached.
pub(crate) const FUNCTION_LIMIT: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

/// As remembered: the words are recorded on CreateFunction (as InvalidParameterValueException); that Invoke says them, with
/// AccessDeniedException, where the role was changed or deleted later, no recording was found of.
pub(crate) fn role_not_assumable() -> ServiceError {
    let message = "The role defined for the function cannot be assumed by Lambda.";
    ServiceError::caller("AccessDeniedException", 403, message)
}

/// Our own: event invocations are refused until their queue is built.
pub(crate) fn event_not_built() -> ServiceError {
    let message = "Lambent does not implement the InvocationType Event yet. Use RequestResponse.";
    ServiceError::caller("InvalidParameterValueException", 400, message)
}

/// Source: InvalidRuntimeException in the API reference, 502: "The runtime or runtime version specified is not
/// supported."
pub(crate) fn runtime_missing(runtime: &str) -> ServiceError {
    let message = format!("The runtime {runtime} is not installed any more.");
    let mut error = ServiceError::caller("InvalidRuntimeException", 502, message);
    error.operator = Some(format!("the runtime {runtime} is missing: add it with lambent runtimes add"));
    error
}

/// The service failed: an operator's business.
pub(crate) fn failed(cause: impl std::fmt::Display) -> ServiceError {
    ServiceError::internal("ServiceException", cause)
}
