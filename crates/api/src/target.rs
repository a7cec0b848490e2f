//! Which service and operation a request is for.

use crate::call::Call;
use crate::messages;
use auth::sigv4::Claim;
use bytes::Bytes;
use types::ServiceError;
use wire::{Operation, Protocol, Routed, Service};

/// The service that the signature names, or that an unsigned request looks like.
pub(crate) fn service_of(call: &Call, claim: Option<&Claim>) -> Result<&'static Service, ServiceError> {
    match claim {
        Some(claim) => wire::service_by_signing_name(&claim.scope.service)
            .ok_or_else(|| messages::no_such_service(&claim.scope.service)),
        None => wire::guess_service(&incoming(call, &Bytes::new()))
            .or_else(|| query_service(call))
            .ok_or_else(|| messages::unknown_operation(None, None)),
    }
}

/// A service whose form of errors the client of a service that isn't here can read.
pub(crate) fn form_of(call: &Call) -> Option<&'static Service> {
    let speaks_json = |service: &&Service| service.protocol == Protocol::AwsJson1_1;
    let json_service = || wire::services().iter().copied().find(speaks_json);
    query_service(call).or_else(|| call.header("x-amz-target").and_then(|_| json_service()))
}

/// For a form whose action stands in a body that is not read: any service of that protocol, for its form of errors.
fn query_service(call: &Call) -> Option<&'static Service> {
    let is_form = call.header("content-type")?.starts_with("application/x-www-form-urlencoded");
    let speaks_query = |service: &&Service| service.protocol == Protocol::AwsQuery;
    wire::services().iter().copied().find(speaks_query).filter(|_| is_form && call.path() == "/")
}

/// The operation of a request whose body needn't be known for that.
pub(crate) fn before_body(call: &Call, service: &'static Service) -> Option<Result<Routed, ServiceError>> {
    match service.protocol {
        Protocol::AwsQuery => None,
        Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => {
            Some(route(call, service, &Bytes::new()))
        }
    }
}

/// The operation. A path with `.` or `..` names none: signatures are made over the path without them, so that two such
/// paths would be one to the signer and two to us.
pub(crate) fn route(call: &Call, service: &'static Service, body: &Bytes) -> Result<Routed, ServiceError> {
    if call.path().split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(messages::unknown_operation(Some(service), None));
    }
    let routed = service.route(&incoming(call, body));
    routed.map_err(|error| messages::unknown_operation(Some(service), Some(&error)))
}

/// An invocation has a path of its own through the pipeline.
pub(crate) fn is_invoke(operation: &Operation) -> bool {
    operation.service.name == "lambda" && operation.name == "Invoke"
}

pub(crate) fn incoming<'a>(call: &'a Call, body: &'a Bytes) -> wire::Incoming<'a> {
    wire::Incoming {
        method: &call.parts.method,
        path: call.path(),
        query: call.query(),
        headers: &call.parts.headers,
        body,
    }
}
