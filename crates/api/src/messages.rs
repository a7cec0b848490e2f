//! Every message of the pipeline itself that a client can see, with its source. (Messages about signatures and
//! permissions stand in `auth`, about constraints in `wire`, those of a service with the service.)

use types::limits::{CODE_REQUEST_BYTES, SYNC_REQUEST_BYTES};
use types::{Fault, ServiceError};
use wire::{Operation, Protocol, RouteError, Service};

/// Our own: the operation is in the model and not built.
pub(crate) fn not_implemented(operation: &Operation) -> ServiceError {
    let message = format!("Lambent does not implement {}:{} yet.", operation.service.name, operation.name);
    ServiceError::caller("NotImplementedException", 501, message)
}

/// Our own: the service that the signature names is not there at all.
pub(crate) fn no_such_service(name: &str) -> ServiceError {
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    ServiceError::caller("NotImplementedException", 501, format!("Lambent does not implement {name} yet."))
}

/// Source: the answer of Lambda's endpoint to a path or method that it doesn't know, as quoted in public reports:
/// AccessDeniedException, 403. The other services answer with the codes of their protocols.
pub(crate) fn unknown_operation(
    service: Option<&'static Service>,
    error: Option<&RouteError>,
) -> ServiceError {
    match (service, error) {
        (Some(service), Some(error)) if service.protocol != Protocol::RestJson1 => {
            ServiceError::caller(error.code(service), error.status(), error.to_string())
        }
        _ => ServiceError::caller(
            "AccessDeniedException",
            403,
            "Unable to determine service/operation name to be authorized",
        ),
    }
}

/// Source: recorded, "Request must be smaller than 70167211 bytes for the CreateFunction operation" and
/// "Request must be smaller than 6291456 bytes for the InvokeFunction operation" (413).
pub(crate) fn too_large(operation: Option<&Operation>) -> ServiceError {
    let (limit, name) = match operation {
        Some(operation) if operation.service.name == "lambda" && operation.name == "Invoke" => {
            (SYNC_REQUEST_BYTES, "InvokeFunction")
        }
        Some(operation) => (body_limit(Some(operation)), operation.name),
        None => (SMALL_BODY_BYTES, "requested"),
    };
    let message = format!("Request must be smaller than {limit} bytes for the {name} operation");
    ServiceError::caller("RequestEntityTooLargeException", 413, message)
}

/// A request that carries neither code nor an event is small: 1 MiB.
const SMALL_BODY_BYTES: usize = 1 << 20;

/// Messages of 1 MiB in all, each character of which may be written as an escape of at most three times its length.
const MESSAGES_BYTES: usize = 4 << 20;

/// How large a request may be, in bytes: code packages come base64-encoded inside JSON.
pub(crate) fn body_limit(operation: Option<&Operation>) -> usize {
    match operation.map(|o| (o.service.name, o.name)) {
        Some(("lambda", "CreateFunction" | "UpdateFunctionCode" | "PublishLayerVersion")) => {
            CODE_REQUEST_BYTES
        }
        Some(("lambda", "Invoke" | "InvokeAsync" | "InvokeWithResponseStream")) => SYNC_REQUEST_BYTES,
        Some(("sqs", "SendMessage" | "SendMessageBatch")) => MESSAGES_BYTES,
        _ => SMALL_BODY_BYTES,
    }
}

/// Our own: the body ended early or stalled.
pub(crate) fn broken_body() -> ServiceError {
    ServiceError::caller("RequestTimeoutException", 408, "The request's body was not received in time.")
}

/// Our own: other requests hold all the memory that bodies may have. Clients try again after a 503.
pub(crate) fn busy(service: &Service) -> ServiceError {
    let code = match service.protocol {
        Protocol::AwsQuery => "ServiceUnavailable",
        Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => "ServiceUnavailableException",
    };
    let message = "The service is busy with other large requests. Try again.";
    ServiceError { fault: Fault::Service, ..ServiceError::caller(code, 503, message) }
}

/// Our own: without an audit trail nothing is done.
pub(crate) fn no_audit(service: &Service) -> ServiceError {
    internal(Some(service), "the audit trail takes no records any more: restart Lambent")
}

/// Source: the services' own validation; `wire` has the texts.
pub(crate) fn invalid(code: &'static str, violations: &wire::Violations) -> ServiceError {
    ServiceError::caller(code, 400, violations.to_string())
}

/// Source: what the services' own deserialisers say; the code is the protocol's.
pub(crate) fn unreadable(service: &Service, error: &wire::ReadError) -> ServiceError {
    ServiceError::caller(service.serialization_code, 400, error.to_string())
}

/// Our own text under the services' common code for what an operator must look at.
pub(crate) fn internal(service: Option<&Service>, cause: impl std::fmt::Display) -> ServiceError {
    let code = match service.map(|s| s.name) {
        Some("lambda") => "ServiceException",
        Some("logs") => "ServiceUnavailableException",
        Some("sqs") => "InternalFailure",
        Some(_) => "ServiceFailure",
        None => "InternalFailure",
    };
    ServiceError::internal(code, cause)
}

/// Our own: a header that is not text.
pub(crate) fn invalid_header(name: &str) -> ServiceError {
    ServiceError::caller("InvalidParameterValueException", 400, format!("The header {name} is not readable."))
}

/// Source: the quota of ClientContext, "up to 3,583 bytes of base64-encoded data" (API reference, Invoke).
pub(crate) fn client_context_too_long() -> ServiceError {
    let message = "Client context must be at most 3583 bytes of base64-encoded data";
    ServiceError::caller("InvalidRequestContentException", 400, message)
}

/// Our own: what passes the model's pattern and still names no function.
pub(crate) fn not_a_function() -> ServiceError {
    let message = "The function name is neither a name, a partial ARN nor an ARN of a function.";
    ServiceError::caller("InvalidParameterValueException", 400, message)
}

/// Our own: a parameter whose effect is not built is never taken in silence.
pub(crate) fn parameter_not_built(parameter: &str) -> ServiceError {
    let message = format!("Lambent does not implement {parameter} yet. Leave it out.");
    ServiceError::caller("InvalidParameterValueException", 400, message)
}

/// Our own: a download link that is expired, changed or from before a restart.
pub(crate) fn bad_link() -> ServiceError {
    ServiceError::caller("AccessDenied", 403, "The link is not valid, or has expired.")
}
