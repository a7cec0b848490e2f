//! The path of an invocation through the pipeline. It passes the same stages as every other call, but its input is read
//! straight from the request: the payload is a blob, and no untyped value is built for it.

use crate::call::Call;
use crate::encode::{self, Answer};
use crate::messages;
use crate::pipeline::{self, Pipeline, Verified};
use crate::rows::Check;
use auth::Permit;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use types::limits::CLIENT_CONTEXT_BYTES;
use types::{Arn, BoxFuture, FunctionRef, RequestId, ServiceError, Timestamp};
use wire::Routed;

/// How a caller wants its function run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvocationType {
    /// The caller waits for the answer.
    RequestResponse,
    /// The payload is queued.
    Event,
    /// Only the permission is checked.
    DryRun,
}

/// Whether the caller wants to see the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogType {
    /// No.
    None,
    /// The last 4 KB of it.
    Tail,
}

/// A call of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function, with the qualifier that was asked for.
    pub function: FunctionRef,
    /// How it is to be run.
    pub kind: InvocationType,
    /// Whether the caller wants to see the log.
    pub log: LogType,
    /// As the caller sent it: base64 of JSON.
    pub client_context: Option<String>,
    /// The header `X-Amzn-Trace-Id`.
    pub trace_id: Option<String>,
    /// The event. At most 6,291,456 bytes, not yet known to be JSON.
    pub payload: Bytes,
}

/// What came of an invocation.
#[derive(Debug, Clone)]
pub struct Invoked {
    /// 200, 202 for an event, 204 for a dry run.
    pub status: u16,
    /// The version that ran.
    pub executed_version: String,
    /// `Unhandled` when the function failed.
    pub function_error: Option<&'static str>,
    /// Base64 of the log's tail, where it was asked for.
    pub log_tail: Option<String>,
    /// The function's answer, or the description of its failure.
    pub payload: Bytes,
}

/// An invocation that its caller may make.
pub struct PermittedInvocation {
    /// What is to be run.
    pub invocation: Invocation,
    /// The evidence that the caller may do this.
    pub permit: Permit,
    /// The id that the invocation and its logs carry.
    pub request_id: RequestId,
    /// When the request came in.
    pub now: Timestamp,
}

/// The data plane, as the pipeline sees it.
pub trait Invoke: Send + Sync {
    /// Runs a permitted invocation. When the client goes away the future is dropped; the invocation itself goes on.
    fn invoke(&self, request: PermittedInvocation) -> BoxFuture<'_, Result<Invoked, ServiceError>>;
}

/// permit → validate → call → encode, with an audit record for what is refused or fails.
pub(crate) async fn answer(pipeline: &Pipeline, call: &Call, verified: Verified) -> Answer {
    let service = verified.service;
    match run(pipeline, call, &verified).await {
        Ok(invoked) => encode(invoked, call.id),
        Err(error) => {
            let incoming = pipeline::incoming(call, &verified.body.bytes);
            let input = wire::read_input(&verified.routed, &incoming).ok();
            let (_, open) = pipeline.open_entry(call, &verified, input.as_ref());
            open.failed(error.code, &error.message, &pipeline.parts.audit).await;
            encode::error(Some(service), &error, call.id)
        }
    }
}

async fn run(pipeline: &Pipeline, call: &Call, verified: &Verified) -> Result<Invoked, ServiceError> {
    let account = verified.account;
    let name = label(&verified.routed, "FunctionName");
    let qualifier = query_value(call.query(), "Qualifier");
    let function = FunctionRef::parse(name, qualifier.as_deref(), account, &pipeline.parts.region);
    let resource = match &function {
        Ok(function) => function.arn(),
        Err(_) => {
            let resource = format!("function:{name}");
            Arn::regional("lambda", &pipeline.parts.region, account, resource).to_string()
        }
    };
    let permit = pipeline::permit(verified, &[Check { action: "lambda:InvokeFunction", resource }])?;
    refuse_not_built(call)?;
    let (Ok(function), Some((kind, log))) = (function, modes(call)) else {
        return Err(invalid(call, verified));
    };
    let client_context = text_header(call, "x-amz-client-context")?;
    if client_context.as_ref().is_some_and(|c| c.len() > CLIENT_CONTEXT_BYTES) {
        return Err(messages::client_context_too_long());
    }
    let payload = verified.body.bytes.clone();
    let trace_id = text_header(call, "x-amzn-trace-id")?;
    let invocation = Invocation { function, kind, log, client_context, trace_id, payload };
    let request = PermittedInvocation { invocation, permit, request_id: call.id, now: call.now };
    pipeline.parts.invoke.invoke(request).await
}

/// Parameters that would change what runs and are not built are refused by name.
fn refuse_not_built(call: &Call) -> Result<(), ServiceError> {
    let asked = |(header, _): &(&str, &str)| call.parts.headers.contains_key(*header);
    let not_built =
        [("x-amz-tenant-id", "TenantId"), ("x-amz-durable-execution-name", "DurableExecutionName")];
    match not_built.iter().find(|n| asked(n)) {
        Some((_, parameter)) => Err(messages::parameter_not_built(parameter)),
        None => Ok(()),
    }
}

/// InvocationType and LogType; `None` when one of them is not in the model's set.
fn modes(call: &Call) -> Option<(InvocationType, LogType)> {
    let kind = match call.header("x-amz-invocation-type") {
        None | Some("RequestResponse") => InvocationType::RequestResponse,
        Some("Event") => InvocationType::Event,
        Some("DryRun") => InvocationType::DryRun,
        Some(_) => return None,
    };
    match call.header("x-amz-log-type") {
        None | Some("None") => Some((kind, LogType::None)),
        Some("Tail") => Some((kind, LogType::Tail)),
        Some(_) => None,
    }
}

/// What the constraints say about a request that could not be read directly.
fn invalid(call: &Call, verified: &Verified) -> ServiceError {
    let incoming = pipeline::incoming(call, &verified.body.bytes);
    let input = match wire::read_input(&verified.routed, &incoming) {
        Ok(input) => input,
        Err(error) => return messages::unreadable(verified.service, &error),
    };
    match pipeline::validate(verified.service, verified.routed.operation, &input) {
        Err(violations) => violations,
        Ok(()) => messages::qualifier_mismatch(),
    }
}

/// A part of the path, decoded.
fn label<'r>(routed: &'r Routed, member: &str) -> &'r str {
    routed.labels.iter().find(|(name, _)| *name == member).map(|(_, text)| text.as_str()).unwrap_or_default()
}

fn text_header(call: &Call, name: &'static str) -> Result<Option<String>, ServiceError> {
    match call.parts.headers.get(name) {
        None => Ok(None),
        Some(value) => {
            value.to_str().map(|text| Some(text.to_owned())).map_err(|_| messages::invalid_header(name))
        }
    }
}

/// A parameter of the query, decoded.
fn query_value(query: &str, name: &str) -> Option<String> {
    if query.is_empty() {
        return None;
    }
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn encode(invoked: Invoked, id: RequestId) -> Answer {
    let mut response = Response::new(Full::new(invoked.payload));
    *response.status_mut() = hyper::StatusCode::from_u16(invoked.status).unwrap_or(hyper::StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("x-amzn-requestid", &id.to_string());
    add("x-amz-executed-version", &invoked.executed_version);
    if let Some(kind) = invoked.function_error {
        add("x-amz-function-error", kind);
    }
    if let Some(tail) = &invoked.log_tail {
        add("x-amz-log-result", tail);
    }
    response
}
