//! JSON bodies, read straight into the value that the shape describes; unknown members are skipped unseen.
//!
//! Invariant: the parser's own error type carries only positions. What the caller is told is kept in `Reading` beside
//! it, because the message must be the service's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Budget, MAX_DEPTH, scalar};
use crate::error::ReadError;
use crate::schema::{Kind, Location, Member, Shape, TimestampFormat};
use crate::time;
use crate::value::{Fields, Value};

/// Reads a body; an empty one is an empty structure.
pub(super) fn read(shape: &'static Shape, body: &[u8]) -> Result<Value, ReadError> {
    if body.is_empty() {
        return Ok(Value::Map(Fields::default()));
    }
    let reading = Reading { budget: RefCell::new(Budget::new()), cause: RefCell::new(None) };
    let mut parser = serde_json::Deserializer::from_slice(body);
    let place = Place { reading: &reading, shape, format: None, depth: 0 };
    let read = place.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    read.map_err(|error| match reading.cause.into_inner() {
        Some(cause) => cause,
        None => ReadError::NotJson { reason: error.to_string() },
    })
    .map(|value| if value.is_null() { Value::Map(Fields::default()) } else { value })
}

struct Reading {
    budget: RefCell<Budget>,
    cause: RefCell<Option<ReadError>>,
}

impl Reading {
    fn refuse<E: Error>(&self, cause: ReadError) -> E {
        self.cause.replace(Some(cause));
        E::custom("refused")
    }
}

#[derive(Clone, Copy)]
struct Place<'r> {
    reading: &'r Reading,
    shape: &'static Shape,
    format: Option<TimestampFormat>,
    depth: usize,
}

impl<'r> Place<'r> {
    fn inner(self, member: &'static Member) -> Self {
        Self { shape: member.shape, format: member.timestamp, depth: self.depth + 1, ..self }
    }

    /// A token that no member of this shape can be.
    fn wrong<T, E: Error>(self, found: &'static str) -> Result<T, E> {
        let wanted = match self.shape.kind {
            Kind::Structure { .. } | Kind::Map { .. } => {
                return Err(self.reading.refuse(ReadError::ExpectedStructure));
            }
            Kind::List { .. } => return Err(self.reading.refuse(ReadError::ExpectedList)),
            Kind::String => "a String",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Double => "a Double",
            Kind::Boolean => "a Boolean",
            Kind::Blob => "a Blob",
            Kind::Timestamp => "a Timestamp",
        };
        Err(self.reading.refuse(ReadError::Conversion { found, wanted }))
    }

    fn number<E: Error>(self, number: f64) -> Result<Value, E> {
        let whole = number.fract() == 0.0 && number.abs() < 9.2e18;
        match self.shape.kind {
            Kind::Double => Ok(Value::Float(number)),
            Kind::Integer if whole && number >= f64::from(i32::MIN) && number <= f64::from(i32::MAX) => {
                Ok(Value::Int(number as i64))
            }
            Kind::Long if whole => Ok(Value::Int(number as i64)),
            Kind::Timestamp => match time::from_seconds(number) {
                Some(millis) => Ok(Value::Timestamp(millis)),
                None => self.wrong("NUMBER_VALUE"),
            },
            _ => self.wrong("NUMBER_VALUE"),
        }
    }

    fn blob<E: Error>(self, text: &str) -> Result<Value, E> {
        match STANDARD.decode(text) {
            Ok(bytes) => Ok(Value::Blob(Bytes::from(bytes))),
            Err(_) => self.wrong("STRING_VALUE"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Value, D::Error> {
        self.reading.budget.borrow_mut().spend().map_err(|cause| self.reading.refuse(cause))?;
        if self.depth > MAX_DEPTH {
            return Err(self.reading.refuse(ReadError::TooDeep { limit: MAX_DEPTH }));
        }
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.shape.name)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Boolean => Ok(Value::Bool(value)),
            _ => self.wrong(if value { "TRUE_VALUE" } else { "FALSE_VALUE" }),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Long => Ok(Value::Int(value)),
            _ => self.number(value as f64),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.number(value as f64),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.number(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Blob => self.blob(text),
            _ => self.visit_string(text.to_owned()),
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        match self.shape.kind {
            Kind::String => Ok(Value::String(text)),
            Kind::Blob => self.blob(&text),
            Kind::Double => match scalar::special(&text) {
                Some(number) => Ok(Value::Float(number)),
                None => self.wrong("STRING_VALUE"),
            },
            Kind::Timestamp => match time::parse(&text, self.format.unwrap_or(TimestampFormat::DateTime)) {
                Some(millis) => Ok(Value::Timestamp(millis)),
                None => self.wrong("STRING_VALUE"),
            },
            _ => self.wrong("STRING_VALUE"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Value, A::Error> {
        let Kind::List { element } = self.shape.kind else {
            return Err(self.reading.refuse(ReadError::UnexpectedList));
        };
        let mut values = Vec::new();
        while let Some(value) = row.next_element_seed(self.inner(element))? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Value, A::Error> {
        match self.shape.kind {
            Kind::Structure { members, .. } => self.structure(members, object),
            Kind::Map { value, .. } => self.map(value, object),
            _ => Err(self.reading.refuse(ReadError::UnexpectedStructure)),
        }
    }
}

impl<'r> Place<'r> {
    fn structure<'de, A: MapAccess<'de>>(
        self,
        members: &'static [Member],
        mut object: A,
    ) -> Result<Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(known) = object.next_key_seed(Name(members))? {
            match known {
                Some(member) => fields.insert(member.name, object.next_value_seed(self.inner(member))?),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Map(fields))
    }

    fn map<'de, A: MapAccess<'de>>(self, value: &'static Member, mut object: A) -> Result<Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = object.next_key::<String>()? {
            entries.insert(key, object.next_value_seed(self.inner(value))?);
        }
        Ok(Value::Map(Fields::from_sorted(entries)))
    }
}

/// Looks a name up among members that stand in the body.
struct Name(&'static [Member]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static Member>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static Member>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let in_body = |member: &&Member| member.location == Location::Body && member.wire_name == name;
        Ok(self.0.iter().find(in_body))
    }
}
