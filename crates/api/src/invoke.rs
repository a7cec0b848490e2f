//! The path of an invocation through the pipeline. It passes the same stages as every other call, but its input is read
//! straight from the request: the payload is a blob, and no untyped value is built for it.

use crate::call::Call;
use crate::caught::caught;
use crate::encode::{self, Answer};
use crate::invocation::{Invocation, InvocationType, Invoked, LogType, PermittedInvocation};
use crate::messages;
use crate::pipeline::{Pipeline, Verified};
use crate::rows::Check;
use crate::{function_errors, permission, target};
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use types::limits::CLIENT_CONTEXT_BYTES;
use types::{Arn, FunctionRef, FunctionRefError, RequestId, ServiceError, Version};
use wire::Routed;

/// What the pipeline asks for.
const ACTION: &str = "lambda:InvokeFunction";
/// A longer tracing header can't be one. Source: X-Ray's is some 100 bytes, `Lineage` included.
const TRACE_ID_BYTES: usize = 512;

/// permit → validate → call → encode, with an audit record for what is refused or fails.
pub(crate) async fn answer(pipeline: &Pipeline, call: &Call, verified: Verified) -> Answer {
    let function = named(pipeline, call, &verified);
    let resource = resource(&function, pipeline, &verified);
    let error = match run(pipeline, call, &verified, function, &resource).await {
        Ok(answer) => return answer,
        Err(error) => error,
    };
    let incoming = target::incoming(call, &verified.body.bytes);
    let input = wire::read_input(&verified.routed, &incoming).ok();
    let checks = [Check { action: ACTION, resource }];
    match pipeline.open_entry(call, &verified, input.as_ref(), &checks).await {
        Ok((_, open)) => open.failed(error.code, &error.message),
        Err(unrecorded) => return encode::error(Some(verified.service), &unrecorded, call.id),
    }
    encode::error(Some(verified.service), &error, call.id)
}

fn named(pipeline: &Pipeline, call: &Call, verified: &Verified) -> Result<FunctionRef, FunctionRefError> {
    let name = label(&verified.routed, "FunctionName");
    let qualifier = query_value(call.query(), "Qualifier");
    FunctionRef::parse(name, qualifier.as_deref(), verified.caller.account, &pipeline.parts.region)
}

/// What permission is asked on: a name that can't be read is checked as it was sent.
fn resource(
    function: &Result<FunctionRef, FunctionRefError>,
    pipeline: &Pipeline,
    verified: &Verified,
) -> String {
    match function {
        Ok(function) => function.arn(),
        Err(_) => {
            let resource = format!("function:{}", label(&verified.routed, "FunctionName"));
            Arn::regional("lambda", &pipeline.parts.region, verified.caller.account, resource).to_string()
        }
    }
}

async fn run(
    pipeline: &Pipeline,
    call: &Call,
    verified: &Verified,
    function: Result<FunctionRef, FunctionRefError>,
    resource: &str,
) -> Result<Answer, ServiceError> {
    let permit = permission::permit_one(pipeline, call, verified, ACTION, resource).await?;
    refuse_not_built(call)?;
    let (kind, log) = modes(call, verified)?;
    let function = function.map_err(|error| invalid(call, verified, Some(error)))?;
    let client_context = text_header(call, "x-amz-client-context")?;
    if client_context.as_ref().is_some_and(|c| c.len() > CLIENT_CONTEXT_BYTES) {
        return Err(messages::client_context_too_long());
    }
    let payload = verified.body.bytes.clone();
    let given = text_header(call, "x-amzn-trace-id")?.filter(|id| id.len() <= TRACE_ID_BYTES);
    let trace_id = given.unwrap_or_else(|| new_trace(call));
    let trace = HeaderValue::from_str(&trace_id).ok();
    let trace_id = Some(trace_id);
    let invocation = Invocation { function, kind, log, client_context, trace_id, payload };
    let request = PermittedInvocation { invocation, permit, request_id: call.id, now: call.now };
    let invoked = caught(pipeline.parts.invoke.invoke(request)).await;
    match invoked {
        Ok(invoked) => Ok(encode(invoked?, call.id, trace)),
        Err(panicked) => Err(messages::internal(Some(verified.service), panicked)),
    }
}

/// The tracing header of a request that came without one. Source: "Tracing header" in the X-Ray developer guide, and "Use
/// the Lambda runtime API", where each invocation has `Lambda-Runtime-Trace-Id`. The request's id is random, and so are its
/// parts.
fn new_trace(call: &Call) -> String {
    let seconds = u32::try_from(call.now.millis() / 1000).unwrap_or_default();
    let random = call.id.digits();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &random[8..], &random[..16])
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

/// InvocationType and LogType, as the model allows them.
fn modes(call: &Call, verified: &Verified) -> Result<(InvocationType, LogType), ServiceError> {
    let bytes = |name| call.parts.headers.get(name).map(HeaderValue::as_bytes);
    let kind = match bytes("x-amz-invocation-type") {
        None | Some(b"RequestResponse") => InvocationType::RequestResponse,
        Some(b"Event") => InvocationType::Event,
        Some(b"DryRun") => InvocationType::DryRun,
        Some(_) => return Err(invalid(call, verified, None)),
    };
    match bytes("x-amz-log-type") {
        None | Some(b"None") => Ok((kind, LogType::None)),
        Some(b"Tail") => Ok((kind, LogType::Tail)),
        Some(_) => Err(invalid(call, verified, None)),
    }
}

/// What the constraints say about a request that could not be read directly.
fn invalid(call: &Call, verified: &Verified, function: Option<FunctionRefError>) -> ServiceError {
    let incoming = target::incoming(call, &verified.body.bytes);
    let input = match wire::read_input(&verified.routed, &incoming) {
        Ok(input) => input,
        Err(error) => return messages::unreadable(verified.service, &error),
    };
    match (permission::validate(verified.routed.operation, &input), function) {
        (Err(violations), _) => violations,
        (Ok(()), Some(FunctionRefError::QualifierMismatch)) => function_errors::qualifier_mismatch(),
        (Ok(()), Some(FunctionRefError::Malformed)) => messages::not_a_function(),
        (Ok(()), None) => messages::invalid_header("X-Amz-Invocation-Type or X-Amz-Log-Type"),
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

/// Source: the headers of Invoke's answer in the API reference; the service also sends the tracing header back.
fn encode(invoked: Invoked, id: RequestId, trace: Option<HeaderValue>) -> Answer {
    let mut response = Response::new(Full::new(invoked.payload));
    *response.status_mut() = hyper::StatusCode::from_u16(invoked.status).unwrap_or(hyper::StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(trace) = trace {
        headers.insert(HeaderName::from_static("x-amzn-trace-id"), trace);
    }
    headers.insert(HeaderName::from_static("x-amz-executed-version"), version(invoked.executed_version));
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("x-amzn-requestid", &id.to_string());
    if let Some(kind) = invoked.function_error {
        add("x-amz-function-error", kind);
    }
    if let Some(tail) = &invoked.log_tail {
        add("x-amz-log-result", tail);
    }
    response
}

fn version(version: Version) -> HeaderValue {
    match version {
        Version::Latest => HeaderValue::from_static("$LATEST"),
        Version::Number(number) => HeaderValue::from(number),
    }
}
