//! restJson1 requests: members from path, query string, headers and body.
//!
//! Invariant: a body is parsed only where the input has a member in it.

use http::HeaderMap;

use super::{json, scalar};
use crate::error::ReadError;
use crate::route::Incoming;
use crate::schema::{Kind, Location, Member, Shape, TimestampFormat};
use crate::value::{Fields, Value};

pub(super) fn read(
    shape: &'static Shape,
    labels: &[(&'static str, String)],
    request: &Incoming<'_>,
) -> Result<Value, ReadError> {
    let mut fields = match body(shape, request)? {
        Value::Map(fields) => fields,
        _ => Fields::default(),
    };
    for member in shape.members() {
        let value = match member.location {
            Location::Body | Location::Status => continue,
            Location::Uri => label(member, labels)?,
            Location::Query => query(member, request.query)?,
            Location::Header => header(member, request.headers)?,
            Location::Headers => prefixed(member, request.headers)?,
        };
        if !value.is_null() {
            fields.insert(member.name, value);
        }
    }
    Ok(Value::Map(fields))
}

fn body(shape: &'static Shape, request: &Incoming<'_>) -> Result<Value, ReadError> {
    let Kind::Structure { members, payload } = shape.kind else { return Ok(Value::Null) };
    let Some(payload) = payload.and_then(|name| shape.member(name)) else {
        let has_body = members.iter().any(|member| member.location == Location::Body);
        return if has_body { json::read(shape, request.body) } else { Ok(Value::Null) };
    };
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    let value = match payload.shape.kind {
        Kind::Blob => Value::Blob(request.body.clone()),
        Kind::String => Value::String(text(request.body)?),
        _ => json::read(payload.shape, request.body)?,
    };
    Ok(Value::Map([(payload.name, value)].into_iter().collect()))
}

fn text(body: &[u8]) -> Result<String, ReadError> {
    let text = std::str::from_utf8(body).map_err(|_| ReadError::Encoding { place: "The body" })?;
    Ok(text.to_owned())
}

fn label(member: &Member, labels: &[(&'static str, String)]) -> Result<Value, ReadError> {
    match labels.iter().find(|(name, _)| *name == member.wire_name) {
        Some((_, text)) => scalar::read(member, text, TimestampFormat::DateTime),
        None => Ok(Value::Null),
    }
}

/// A list takes every pair of its name; anything else takes the first.
fn query(member: &'static Member, query: &str) -> Result<Value, ReadError> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut texts = pairs.filter(|(name, _)| name == member.wire_name).map(|(_, text)| text).peekable();
    match member.shape.kind {
        Kind::List { element } if texts.peek().is_some() => {
            let read =
                |text: std::borrow::Cow<'_, str>| scalar::read(element, &text, TimestampFormat::DateTime);
            texts.map(read).collect::<Result<_, _>>().map(Value::List)
        }
        _ => match texts.next() {
            Some(text) => scalar::read(member, &text, TimestampFormat::DateTime),
            None => Ok(Value::Null),
        },
    }
}

fn header(member: &'static Member, headers: &HeaderMap) -> Result<Value, ReadError> {
    let Some(value) = headers.get(member.wire_name) else { return Ok(Value::Null) };
    let text =
        std::str::from_utf8(value.as_bytes()).map_err(|_| ReadError::Encoding { place: "A header" })?;
    match member.shape.kind {
        Kind::List { element } => {
            let read = |text: &str| scalar::read(element, text.trim(), TimestampFormat::HttpDate);
            text.split(',').map(read).collect::<Result<_, _>>().map(Value::List)
        }
        _ => scalar::read(member, text, TimestampFormat::HttpDate),
    }
}

fn prefixed(member: &'static Member, headers: &HeaderMap) -> Result<Value, ReadError> {
    let Kind::Map { value, .. } = member.shape.kind else { return Ok(Value::Null) };
    let prefix = member.wire_name.to_ascii_lowercase();
    let mut fields = Fields::default();
    for (name, text) in headers {
        if let Some(rest) = name.as_str().strip_prefix(&prefix) {
            let text = std::str::from_utf8(text.as_bytes())
                .map_err(|_| ReadError::Encoding { place: "A header" })?;
            fields.insert(rest.to_owned(), scalar::read(value, text, TimestampFormat::HttpDate)?);
        }
    }
    Ok(if fields.is_empty() { Value::Null } else { Value::Map(fields) })
}
