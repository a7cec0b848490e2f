//! A request as the audit record shows it: without secrets and without bytes.
//!
//! Invariant: what the model marks as sensitive is never in the result, at any depth, nor is anything that the model
//! doesn't describe.

use serde_json::{Map, Value as Json, json};

use crate::schema::{Kind, Operation, Shape};
use crate::time;
use crate::value::Value;

/// The input of an operation for the audit record: sensitive values are `"***"`, bytes are left out.
pub fn masked(operation: &'static Operation, value: &Value) -> Json {
    operation.input.and_then(|shape| mask(shape, value)).unwrap_or_else(|| json!({}))
}

fn mask(shape: &'static Shape, value: &Value) -> Option<Json> {
    match (value, &shape.kind) {
        (Value::Null | Value::Blob(_), _) => None,
        _ if shape.sensitive => Some(json!("***")),
        (Value::Map(fields), Kind::Structure { members, .. }) => {
            let given = members.iter().filter_map(|member| Some((member, fields.get(member.name)?)));
            let shown = given
                .filter_map(|(member, value)| Some((member.name.to_owned(), mask(member.shape, value)?)));
            Some(Json::Object(shown.collect()))
        }
        (Value::Map(fields), Kind::Map { key, value: inner }) => {
            let name = |name: &str| if key.shape.sensitive { "***".to_owned() } else { name.to_owned() };
            let shown = fields.iter().filter_map(|(key, value)| Some((name(key), mask(inner.shape, value)?)));
            Some(Json::Object(shown.collect::<Map<_, _>>()))
        }
        (Value::List(values), Kind::List { element }) => {
            Some(Json::Array(values.iter().filter_map(|value| mask(element.shape, value)).collect()))
        }
        (Value::List(_) | Value::Map(_), _) => None,
        (Value::Bool(value), _) => Some(json!(value)),
        (Value::Int(number), _) => Some(json!(number)),
        (Value::Float(number), _) => Some(json!(number)),
        (Value::String(text), _) => Some(json!(text)),
        (Value::Timestamp(millis), _) => Some(json!(time::epoch(*millis))),
    }
}
