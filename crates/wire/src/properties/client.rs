//! The client's side of the protocols, as plainly as it can be written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::route::Incoming;
use crate::schema::{Kind, Location, Member, Operation, Protocol, Segment, Shape, TimestampFormat};
use crate::time;
use crate::value::Value;
use crate::write::json;

#[derive(Default)]
pub(super) struct Request {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn of(operation: &'static Operation, value: &Value) -> Self {
        match operation.service.protocol {
            Protocol::RestJson1 => rest(operation, value),
            Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => target(operation, value),
            Protocol::AwsQuery => form(operation, value),
        }
    }

    pub(super) fn incoming(&self) -> Incoming<'_> {
        let Self { method, path, query, headers, body } = self;
        Incoming { method, path, query, headers, body }
    }
}

fn rest(operation: &'static Operation, value: &Value) -> Request {
    let mut request = Request { method: operation.method.parse().unwrap(), ..Request::default() };
    for segment in operation.path {
        request.path.push('/');
        match segment {
            Segment::Literal(text) => request.path.push_str(text),
            Segment::Label(label) => request.path.push_str(&encoded(&label_text(operation, label, value))),
        }
    }
    let mut query = Serializer::new(String::new());
    query.extend_pairs(operation.query);
    let Some(shape) = operation.input else { return request };
    for member in shape.members() {
        match (member.location, value.get(member.name)) {
            (Location::Query, Some(value)) => each(value, |value| {
                query.append_pair(member.wire_name, &text(value, TimestampFormat::DateTime));
            }),
            (Location::Header, Some(value)) => {
                let name = HeaderName::from_bytes(member.wire_name.as_bytes()).unwrap();
                let text = text(value, TimestampFormat::HttpDate);
                request.headers.insert(name, HeaderValue::from_str(&text).unwrap());
            }
            _ => {}
        }
    }
    request.query = query.finish();
    request.body = body(shape, value);
    request
}

fn label_text(operation: &Operation, label: &str, value: &Value) -> String {
    let member = operation.input.unwrap().members().iter().find(|member| member.wire_name == label).unwrap();
    text(value.get(member.name).unwrap(), TimestampFormat::DateTime)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn body(shape: &'static Shape, value: &Value) -> Bytes {
    let Kind::Structure { payload, .. } = shape.kind else { return Bytes::new() };
    match payload.and_then(|name| Some((shape.member(name)?, value.get(name)?))) {
        None if payload.is_some() => Bytes::new(),
        None => json::body(shape, value).into(),
        Some((_, Value::Blob(bytes))) => bytes.clone(),
        Some((_, Value::String(text))) => text.clone().into(),
        Some((member, value)) => json::body(member.shape, value).into(),
    }
}

fn target(operation: &'static Operation, value: &Value) -> Request {
    let mut request = Request { method: Method::POST, path: "/".into(), ..Request::default() };
    let target = format!("{}.{}", operation.service.target_prefix, operation.name);
    request.headers.insert("x-amz-target", target.parse().unwrap());
    request.body = operation.input.map(|shape| json::body(shape, value)).unwrap_or_default().into();
    request
}

fn form(operation: &'static Operation, value: &Value) -> Request {
    let mut pairs = vec![
        ("Action".to_owned(), operation.name.to_owned()),
        ("Version".to_owned(), operation.service.api_version.to_owned()),
    ];
    for member in operation.input.map(Shape::members).unwrap_or_default() {
        if let Some(value) = value.get(member.name) {
            flatten(member, value, member.wire_name.to_owned(), &mut pairs);
        }
    }
    let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
    Request { method: Method::POST, path: "/".into(), body: body.into(), ..Request::default() }
}

fn flatten(member: &'static Member, value: &Value, name: String, pairs: &mut Vec<(String, String)>) {
    match (&member.shape.kind, value) {
        (Kind::Structure { members, .. }, Value::Map(fields)) => {
            for member in *members {
                if let Some(value) = fields.get(member.name) {
                    flatten(member, value, format!("{name}.{}", member.wire_name), pairs);
                }
            }
        }
        (Kind::List { .. }, Value::List(values)) if values.is_empty() => pairs.push((name, String::new())),
        (Kind::List { element }, Value::List(values)) => {
            for (at, value) in values.iter().enumerate() {
                flatten(element, value, format!("{name}.{}.{}", element.wire_name, at + 1), pairs);
            }
        }
        (Kind::Map { key, value: inner }, Value::Map(fields)) => {
            for (at, (entry, value)) in fields.iter().enumerate() {
                let row = format!("{name}.entry.{}", at + 1);
                pairs.push((format!("{row}.{}", key.wire_name), entry.to_owned()));
                flatten(inner, value, format!("{row}.{}", inner.wire_name), pairs);
            }
        }
        _ => pairs.push((name, text(value, TimestampFormat::DateTime))),
    }
}

fn each(value: &Value, mut send: impl FnMut(&Value)) {
    match value {
        Value::List(values) => values.iter().for_each(send),
        value => send(value),
    }
}

fn text(value: &Value, format: TimestampFormat) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Blob(bytes) => STANDARD.encode(bytes),
        Value::Timestamp(millis) => time::format(*millis, format).unwrap(),
        other => panic!("{other:?} has no text"),
    }
}
