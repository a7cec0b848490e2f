//! How a message shows the value that broke a constraint: `'x'`, `'[a, b]'`, `'{k=v}'`.
//!
//! Invariant: where a sensitive value or bytes would show, the whole value is left out; a long text is cut.

use crate::schema::{Kind, Shape};
use crate::time;
use crate::value::{Fields, Value};

/// Characters of a value that a message repeats, at most: room for any name or ARN, not for a document.
const SHOWN: usize = 8_192;

/// The value with its quotes and a space before it, or nothing.
pub(super) fn value(shape: &'static Shape, value: &Value, secret: bool) -> String {
    if secret {
        return String::new();
    }
    match text(shape, value) {
        Some(text) => format!(" '{}'", cut(text)),
        None => String::new(),
    }
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(at);
        text.push('…');
    }
    text
}

fn text(shape: &'static Shape, value: &Value) -> Option<String> {
    if shape.sensitive {
        return None;
    }
    match (value, &shape.kind) {
        (Value::List(values), Kind::List { element }) => {
            let texts: Option<Vec<String>> = values.iter().map(|value| text(element.shape, value)).collect();
            Some(format!("[{}]", texts?.join(", ")))
        }
        (Value::Map(fields), Kind::Map { key, value }) if !key.shape.sensitive => {
            pairs(fields, |_| Some(value.shape))
        }
        (Value::Map(fields), Kind::Structure { .. }) => {
            pairs(fields, |name| shape.member(name).map(|member| member.shape))
        }
        (Value::List(_) | Value::Map(_) | Value::Blob(_), _) => None,
        (Value::Null, _) => Some("null".to_owned()),
        (Value::Bool(value), _) => Some(value.to_string()),
        (Value::Int(number), _) => Some(number.to_string()),
        (Value::Float(number), _) => Some(format!("{number:?}")),
        (Value::String(text), _) => Some(text.clone()),
        (Value::Timestamp(millis), _) => Some(time::epoch(*millis)),
    }
}

fn pairs(fields: &Fields, shape: impl Fn(&str) -> Option<&'static Shape>) -> Option<String> {
    let given = fields.iter().filter(|(_, value)| !value.is_null());
    let pair = |(name, value): (&str, &Value)| Some(format!("{name}={}", text(shape(name)?, value)?));
    let texts: Option<Vec<String>> = given.map(pair).collect();
    Some(format!("{{{}}}", texts?.join(", ")))
}
