//! What the Runtime API answers. Source of shapes and codes: the Runtime API's OpenAPI description of 2018-06-01.

use super::meaning::Objection;
use crate::Invocation;
use crate::environment::desk::Delivery;
use crate::environment::state::Refusal;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

/// Every answer has its whole body at hand.
pub(crate) type Answered = Response<Full<Bytes>>;

/// An invocation, as `next` hands it out.
pub(crate) fn invocation(delivery: Delivery) -> Answered {
    const ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
    const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
    const ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
    const TRACE: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
    const CONTEXT: HeaderName = HeaderName::from_static("lambda-runtime-client-context");
    const COGNITO: HeaderName = HeaderName::from_static("lambda-runtime-cognito-identity");
    let Delivery { invocation, deadline } = delivery;
    let Invocation { request_id, payload, invoked_arn, trace_id, client_context, cognito_identity, .. } =
        invocation;
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    let mut response = Response::new(Full::new(payload));
    let headers = response.headers_mut();
    headers.reserve(7);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(DEADLINE, HeaderValue::from(deadline.millis()));
    let texts = [
        (ID, Some(request_id.to_string())),
        (ARN, Some(invoked_arn)),
        (TRACE, trace_id),
        (CONTEXT, client_context),
        (COGNITO, cognito_identity),
    ];
    for (name, text) in texts {
        // What is not fit for a header was the caller's to give or not: the function goes without it.
        if let Some(value) = text.and_then(|text| HeaderValue::from_maybe_shared(Bytes::from(text)).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// What the runtime sent has been taken.
pub(crate) fn accepted() -> Answered {
    json(StatusCode::ACCEPTED, Bytes::from_static(br#"{"status":"OK"}"#))
}

/// Something was not taken.
pub(super) fn objected(objection: &Objection) -> Answered {
    error(objection.status, objection.kind, &objection.message)
}

/// The state machine refused.
pub(super) fn refused(refusal: Refusal) -> Answered {
    objected(&refusal.into())
}

/// The same for an invocation's answer. The connection ends with it: a `next` that followed in the same packet took for granted
/// that the answer would be accepted, and a runtime that then gives up must not have been handed another invocation.
pub(crate) fn not_taken(refusal: Refusal) -> Answered {
    let mut response = refused(refusal);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Something else than the Runtime API was asked for.
pub(crate) fn unknown(status: StatusCode, message: &str) -> Answered {
    let kind = if status == StatusCode::NOT_IMPLEMENTED { "NotImplemented" } else { "NotFound" };
    error(status, kind, message)
}

fn error(status: StatusCode, kind: &str, message: &str) -> Answered {
    let body = serde_json::json!({ "errorMessage": message, "errorType": kind });
    json(status, Bytes::from(body.to_string()))
}

fn json(status: StatusCode, body: Bytes) -> Answered {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
