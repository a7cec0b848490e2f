//! restJson1 answers: status, headers and body from one value.
//!
//! Invariant: a payload that is bytes is handed over without a copy.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use super::json;
use crate::outgoing::Outgoing;
use crate::schema::{Kind, Location, Member, Operation, Shape, TimestampFormat};
use crate::time;
use crate::value::Value;

const JSON: &str = "application/json";

pub(crate) fn output(operation: &'static Operation, value: Value, request_id: &str) -> Outgoing {
    let Some(shape) = operation.output else {
        return Outgoing::new(status(operation.status), "", request_id, Vec::new());
    };
    let mut answer = Outgoing::new(status(operation.status), "", request_id, Vec::new());
    for member in shape.members() {
        match (member.location, value.get(member.name)) {
            (Location::Status, Some(Value::Int(code))) => {
                answer.status = status(u16::try_from(*code).unwrap_or(0));
            }
            (Location::Header, Some(value)) => header(&mut answer, member, value),
            (Location::Headers, Some(value)) => headers(&mut answer, member, value),
            _ => {}
        }
    }
    body(&mut answer, shape, value);
    answer
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The payload, or the members of the body; none for a status that has no body.
fn body(answer: &mut Outgoing, shape: &'static Shape, value: Value) {
    let Kind::Structure { members, payload } = shape.kind else { return };
    if answer.status == StatusCode::NO_CONTENT {
        return;
    }
    if let Some(member) = payload.and_then(|name| shape.member(name)) {
        payload_body(answer, member, value);
    } else if members.iter().any(|member| member.location == Location::Body) {
        answer.body = json::body(shape, &value).into();
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
}

/// Lambda answers invocations as JSON, although their payload is modelled as bytes.
fn payload_body(answer: &mut Outgoing, member: &'static Member, value: Value) {
    let Value::Map(mut fields) = value else { return };
    answer.body = match fields.take(member.name) {
        Value::Null => return,
        Value::Blob(bytes) => bytes,
        Value::String(text) => text.into(),
        other => json::body(member.shape, &other).into(),
    };
    answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
}

fn header(answer: &mut Outgoing, member: &'static Member, value: &Value) {
    if let Ok(name) = HeaderName::from_bytes(member.wire_name.as_bytes()) {
        answer.set(name, &text(member, value));
    }
}

fn headers(answer: &mut Outgoing, member: &'static Member, value: &Value) {
    let Kind::Map { value: inner, .. } = member.shape.kind else { return };
    for (rest, value) in value.as_map().into_iter().flat_map(|fields| fields.iter()) {
        let name = format!("{}{rest}", member.wire_name).to_ascii_lowercase();
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            answer.set(name, &text(inner, value));
        }
    }
}

fn text(member: &Member, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Timestamp(millis) => {
            time::format(*millis, member.timestamp.unwrap_or(TimestampFormat::HttpDate)).unwrap_or_default()
        }
        Value::List(values) => values.iter().map(|value| text(member, value)).collect::<Vec<_>>().join(","),
        Value::Null | Value::Blob(_) | Value::Map(_) => String::new(),
    }
}
