//! JSON bodies. Points in time are seconds since 1970, bytes are base64, numbers that JSON lacks are texts.
//!
//! Invariant: texts go through `serde_json`'s escaping; everything else is written from fixed characters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::schema::{Kind, Location, Member, Shape, TimestampFormat};
use crate::time;
use crate::value::{Fields, Value};

/// The body of a structure: its members that stand in the body.
pub(crate) fn body(shape: &'static Shape, value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write(&mut out, shape, None, value);
    out
}

fn write(out: &mut Vec<u8>, shape: &'static Shape, format: Option<TimestampFormat>, value: &Value) {
    match (value, &shape.kind) {
        (Value::Map(fields), Kind::Structure { members, .. }) => structure(out, members, fields),
        (Value::Map(fields), Kind::Map { value, .. }) => map(out, value, fields),
        (Value::List(values), Kind::List { element }) => {
            separated(out, *b"[]", values, |out, value| write(out, element.shape, element.timestamp, value));
        }
        (Value::Timestamp(millis), _) => point(out, *millis, format),
        (value, _) => scalar(out, value),
    }
}

fn structure(out: &mut Vec<u8>, members: &'static [Member], fields: &Fields) {
    let in_body = members.iter().filter(|member| member.location == Location::Body);
    let given = in_body.filter_map(|member| fields.get(member.name).map(|value| (member, value)));
    separated(out, *b"{}", given, |out, (member, value)| {
        text(out, member.wire_name);
        out.push(b':');
        write(out, member.shape, member.timestamp, value);
    });
}

fn map(out: &mut Vec<u8>, inner: &'static Member, fields: &Fields) {
    separated(out, *b"{}", fields.iter(), |out, (name, value)| {
        text(out, name);
        out.push(b':');
        write(out, inner.shape, inner.timestamp, value);
    });
}

fn separated<T>(
    out: &mut Vec<u8>,
    [open, close]: [u8; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(close);
}

fn point(out: &mut Vec<u8>, millis: i64, format: Option<TimestampFormat>) {
    match format.unwrap_or(TimestampFormat::EpochSeconds) {
        TimestampFormat::EpochSeconds => out.extend_from_slice(time::epoch(millis).as_bytes()),
        other => text(out, &time::format(millis, other).unwrap_or_default()),
    }
}

fn scalar(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Float(number) => float(out, *number),
        Value::String(value) => text(out, value),
        Value::Blob(bytes) => text(out, &STANDARD.encode(bytes)),
        Value::Null | Value::Timestamp(_) | Value::List(_) | Value::Map(_) => out.extend_from_slice(b"null"),
    }
}

fn float(out: &mut Vec<u8>, number: f64) {
    match number {
        number if number.is_finite() => {
            out.extend_from_slice(serde_json::Value::from(number).to_string().as_bytes());
        }
        number if number.is_nan() => text(out, "NaN"),
        number => text(out, if number > 0.0 { "Infinity" } else { "-Infinity" }),
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}
