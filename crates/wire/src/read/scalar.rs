//! Values that stand as text: in paths, query strings, headers and forms.
//!
//! Invariant: a text either has the form of its member's kind or is refused; nothing is trimmed or guessed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::ReadError;
use crate::schema::{Kind, Member, TimestampFormat};
use crate::time;
use crate::value::Value;

/// Reads one text; `format` is how points in time are written where the model is silent.
pub(super) fn read(member: &Member, text: &str, format: TimestampFormat) -> Result<Value, ReadError> {
    let (value, expected) = match member.shape.kind {
        Kind::String => (Some(Value::String(text.to_owned())), "a text"),
        Kind::Integer => (text.parse::<i32>().ok().map(|number| Value::Int(number.into())), "a whole number"),
        Kind::Long => (text.parse().ok().map(Value::Int), "a whole number"),
        Kind::Double => (number(text).map(Value::Float), "a number"),
        Kind::Boolean => (truth(text).map(Value::Bool), "true or false"),
        Kind::Blob => (STANDARD.decode(text).ok().map(|bytes| Value::Blob(bytes.into())), "valid base64"),
        Kind::Timestamp => (
            time::parse(text, member.timestamp.unwrap_or(format)).map(Value::Timestamp),
            "a valid point in time",
        ),
        Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. } => (None, "a single value"),
    };
    value.ok_or_else(|| ReadError::Text { member: member.wire_name.to_owned(), expected })
}

/// The numbers that JSON has no sign for.
pub(super) fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    special(text).or_else(|| text.parse().ok().filter(|number: &f64| number.is_finite()))
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
