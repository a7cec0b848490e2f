//! Answers and errors in the form of each protocol.
//!
//! Invariant: every answer carries `x-amzn-RequestId`, and every error of the JSON protocols `x-amzn-ErrorType`.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, json};

use crate::schema::{ErrorShape, Location, Operation, Protocol, Service};
use crate::value::Value;
use crate::write;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// Source: Smithy, "AWS query protocol migration, awsQueryCompatible trait": `CODE;FAULT`.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// An answer ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The status.
    pub status: StatusCode,
    /// The headers, content type and request id among them.
    pub headers: HeaderMap,
    /// The body; empty for statuses that have none.
    pub body: Bytes,
}

impl Outgoing {
    pub(crate) fn new(
        status: StatusCode,
        content_type: &'static str,
        request_id: &str,
        body: Vec<u8>,
    ) -> Self {
        let mut answer = Self { status, headers: HeaderMap::new(), body: Bytes::from(body) };
        if !content_type.is_empty() {
            answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        answer.set(REQUEST_ID, request_id);
        answer
    }

    /// Sets a header. A text that no header can hold has its forbidden characters percent-encoded.
    pub(crate) fn set(&mut self, name: HeaderName, text: &str) {
        let value = HeaderValue::from_str(text).or_else(|_| HeaderValue::from_str(&encoded(text)));
        if let Ok(value) = value {
            self.headers.insert(name, value);
        }
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::CONTROLS).to_string()
}

/// Writes what an operation answers: its status, its headers and its body.
///
/// Members that the output shape doesn't have, and nulls, are left out. In the query protocol the value stands inside
/// the operation's result element, followed by the request id.
pub fn write_output(operation: &'static Operation, value: Value, request_id: &str) -> Outgoing {
    match operation.service.protocol {
        Protocol::RestJson1 => write::rest::output(operation, value, request_id),
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => {
            let content_type = json_type(operation.service);
            let body = operation.output.map(|shape| write::json::body(shape, &value)).unwrap_or_default();
            Outgoing::new(StatusCode::OK, content_type, request_id, body)
        }
        Protocol::AwsQuery => {
            let body = write::xml::output(operation, &value, request_id);
            Outgoing::new(StatusCode::OK, "text/xml", request_id, body)
        }
    }
}

/// An error as the caller is told it.
#[derive(Debug, Clone, Copy)]
pub struct WireError<'a> {
    /// The code on the wire: `ResourceNotFoundException`, `NoSuchEntity`.
    pub code: &'a str,
    /// Whether the caller is to blame.
    pub caller_fault: bool,
    /// The HTTP status.
    pub status: u16,
    /// The message.
    pub message: &'a str,
    /// Further members of the error's shape, by name; those that the model puts into a header go there.
    pub members: &'a [(&'static str, String)],
}

/// Writes an error in the form of a service's protocol.
pub fn write_error(service: &'static Service, error: &WireError<'_>, request_id: &str) -> Outgoing {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let shape = service.error(error.code);
    let (content_type, body) = match service.protocol {
        Protocol::RestJson1 => ("application/json", rest_body(error, shape)),
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => (json_type(service), json_body(error, shape)),
        Protocol::AwsQuery => ("text/xml", write::xml::error(service, error, request_id)),
    };
    let mut answer = Outgoing::new(status, content_type, request_id, body);
    if service.protocol != Protocol::AwsQuery {
        answer.set(ERROR_TYPE, error.code);
    }
    if let Some(code) = service.query_code(error.code) {
        let side = if error.caller_fault { "Sender" } else { "Receiver" };
        answer.set(QUERY_ERROR, &format!("{code};{side}"));
    }
    for (name, text) in error.members {
        if let Some(header) = header_of(shape, name) {
            answer.set(header, text);
        }
    }
    answer
}

fn json_type(service: &Service) -> &'static str {
    match service.protocol {
        Protocol::AwsJson1_0 => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

/// `Type` and the message, under the name that the error's shape gives it.
fn rest_body(error: &WireError<'_>, shape: Option<&'static ErrorShape>) -> Vec<u8> {
    let mut body = Map::new();
    body.insert("Type".to_owned(), json!(if error.caller_fault { "User" } else { "Service" }));
    body.insert(message_name(shape).to_owned(), json!(error.message));
    add_members(&mut body, error, shape);
    serde_json::Value::Object(body).to_string().into_bytes()
}

fn json_body(error: &WireError<'_>, shape: Option<&'static ErrorShape>) -> Vec<u8> {
    let mut body = Map::new();
    body.insert("__type".to_owned(), json!(error.code));
    body.insert("message".to_owned(), json!(error.message));
    add_members(&mut body, error, shape);
    serde_json::Value::Object(body).to_string().into_bytes()
}

/// `Message` where the shape has such a member, `message` otherwise and for errors that the model doesn't declare.
fn message_name(shape: Option<&'static ErrorShape>) -> &'static str {
    if shape.is_some_and(|error| error.shape.member("Message").is_some()) { "Message" } else { "message" }
}

fn add_members(
    body: &mut Map<String, serde_json::Value>,
    error: &WireError<'_>,
    shape: Option<&'static ErrorShape>,
) {
    for (name, text) in error.members {
        if header_of(shape, name).is_none() {
            body.insert((*name).to_owned(), json!(text));
        }
    }
}

fn header_of(shape: Option<&'static ErrorShape>, member: &str) -> Option<HeaderName> {
    let member = shape?.shape.member(member)?;
    let in_header = member.location == Location::Header;
    if in_header { HeaderName::from_bytes(member.wire_name.as_bytes()).ok() } else { None }
}
