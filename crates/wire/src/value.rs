//! The dynamic value: what a request or an answer says, before and after it has a wire form.
//!
//! Invariant: members go by their name in the model, never by their name on the wire.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::error::ReadError;
use crate::typed::Field;

/// Any value that the models can describe. A structure and a map are both `Map`: the shape tells which.
///
/// Its `Debug` shows names of members, kinds and sizes, but no text, no bytes and no key of a map: any may be a secret.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing; for a member the same as its absence.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    String(String),
    /// Bytes, without their base64.
    Blob(Bytes),
    /// Milliseconds since 1970.
    Timestamp(i64),
    /// A row of values.
    List(Vec<Value>),
    /// Names to values.
    Map(Fields),
}

impl Value {
    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if this is a structure or a map.
    pub fn as_map(&self) -> Option<&Fields> {
        match self {
            Self::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether this is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The members of a structure or a map, or an error that names what was found instead.
    pub fn into_fields(self) -> Result<Fields, ReadError> {
        match self {
            Self::Map(fields) => Ok(fields),
            other => Err(ReadError::mismatch(&other, "a structure")),
        }
    }

    /// The member of a structure or the value of a map under that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map().and_then(|fields| fields.get(name))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::String(_) => "a text",
            Self::Blob(_) => "bytes",
            Self::Timestamp(_) => "a point in time",
            Self::List(_) => "a list",
            Self::Map(_) => "a structure",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => value.fmt(out),
            Self::Int(number) => number.fmt(out),
            Self::Float(number) => number.fmt(out),
            Self::String(text) => write!(out, "text of {} bytes", text.len()),
            Self::Blob(bytes) => write!(out, "{} bytes", bytes.len()),
            Self::Timestamp(millis) => write!(out, "{millis} ms"),
            Self::List(values) => values.fmt(out),
            Self::Map(fields) => fields.fmt(out),
        }
    }
}

/// Names and values in order. Searched from the front: structures are small; maps are filled sorted by
/// [`Fields::from_sorted`] and read whole.
#[derive(Clone, PartialEq, Default)]
pub struct Fields(Vec<(Cow<'static, str>, Value)>);

impl fmt::Debug for Fields {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &Cow<'static, str>| match name {
            Cow::Borrowed(member) => *member,
            Cow::Owned(_) => "…",
        };
        out.debug_map().entries(self.0.iter().map(|(key, value)| (name(key), value))).finish()
    }
}

impl Fields {
    /// No members yet, room for some.
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// From entries whose names are known to differ.
    pub fn from_sorted(entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self(entries.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect())
    }

    /// The value under a name; `None` for absent and for null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        found.filter(|value| !value.is_null())
    }

    /// Takes a value out, leaving null.
    pub fn take(&mut self, name: &str) -> Value {
        let found = self.0.iter_mut().find(|(key, _)| key == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }

    /// Sets the value under a name; the last one wins.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: Value) {
        let name = name.into();
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// How many names there are, nulls included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn required<T: Field>(&mut self, name: &'static str) -> Result<T, ReadError> {
        match self.take(name) {
            Value::Null => Err(ReadError::Missing { member: name }),
            value => T::from_value(value),
        }
    }

    pub(crate) fn optional<T: Field>(&mut self, name: &'static str) -> Result<Option<T>, ReadError> {
        match self.take(name) {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }

    pub(crate) fn put_required<T: Field>(&mut self, name: &'static str, value: T) {
        self.0.push((Cow::Borrowed(name), value.into_value()));
    }

    pub(crate) fn put_optional<T: Field>(&mut self, name: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.put_required(name, value);
        }
    }
}

impl IntoIterator for Fields {
    type Item = (Cow<'static, str>, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Into<Cow<'static, str>>> FromIterator<(K, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in entries {
            fields.insert(name, value);
        }
        fields
    }
}
