//! The JSON of a policy, as it is written. Unknown and repeated elements are refused.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// Longer documents are not read. Source: the API model's constraint on policy documents.
pub(crate) const MAX_BYTES: usize = 131_072;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Document {
    pub(crate) version: Option<String>,
    #[serde(rename = "Id")]
    pub(crate) _id: Option<String>,
    pub(crate) statement: OneOrMany<Statement>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) effect: Option<String>,
    pub(crate) action: Option<OneOrMany<String>>,
    pub(crate) not_action: Option<OneOrMany<String>>,
    pub(crate) resource: Option<OneOrMany<String>>,
    pub(crate) not_resource: Option<OneOrMany<String>>,
    pub(crate) principal: Option<Principals>,
    pub(crate) not_principal: Option<Principals>,
    pub(crate) condition: Option<Pairs<Pairs<OneOrMany<Scalar>>>>,
}

/// `"*"`, or a kind (`AWS`, `Service`, `Federated`) with its values.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Principals {
    Text(String),
    Kinds(Pairs<OneOrMany<String>>),
}

/// One thing, or a list of such things.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A condition's value: text, number or truth value, kept as text.
pub(crate) struct Scalar(pub(crate) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Bool(truth) => Ok(Self(truth.to_string())),
            Value::Number(number) => Ok(Self(number.to_string())),
            _ => Err(D::Error::custom("not a text, number or truth value")),
        }
    }
}

/// A JSON object in the order in which it is written; a key that occurs twice is an error.
pub(crate) struct Pairs<V>(pub(crate) Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
        let mut pairs: Vec<(String, V)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key occurs twice"));
            }
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}
