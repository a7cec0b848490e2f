//! From a handler's answer to bytes on the wire.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use types::{Fault, RequestId, ServiceError};
use wire::{Outgoing, Service, WireError};

/// What the pipeline sends back.
pub(crate) type Answer = Response<Full<Bytes>>;

/// An error in the form of its service; logged where it is an operator's business.
pub(crate) fn error(service: Option<&'static Service>, error: &ServiceError, id: RequestId) -> Answer {
    if let Some(cause) = &error.operator {
        tracing::error!(code = error.code, request_id = %id, cause, "a request failed");
    }
    let service = service.unwrap_or_else(lambda);
    let wire_error = WireError {
        code: error.code,
        caller_fault: error.fault == Fault::Caller,
        status: error.status,
        message: &error.message,
        members: &error.members,
    };
    answer(wire::write_error(service, &wire_error, &id.to_string()))
}

/// Lambda's form is the one for requests that name no service.
pub(crate) fn lambda() -> &'static Service {
    wire::service_by_signing_name("lambda").unwrap_or(wire::services()[0])
}

/// A finished answer.
pub(crate) fn answer(outgoing: Outgoing) -> Answer {
    let mut response = Response::new(Full::new(outgoing.body));
    *response.status_mut() = outgoing.status;
    *response.headers_mut() = outgoing.headers;
    response
}
