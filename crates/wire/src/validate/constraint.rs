//! The kinds of constraints, whether they hold, and how the services word them.
//!
//! Invariant: lengths of texts are counted in characters, of blobs in bytes, of lists and maps in entries.

use std::fmt;

use crate::schema::{Kind, Pattern, Shape};
use crate::value::Value;

/// One constraint of a shape.
pub(super) enum Constraint {
    NotNull,
    MaxLength(i64),
    MinLength(i64),
    MaxValue(i64, Unit),
    MinValue(i64, Unit),
    Pattern(&'static Pattern),
    OneOf(&'static [&'static str]),
}

/// How a bound on a number is printed: `900` or `1.0`.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Whole,
    Real,
}

/// The constraints of a shape in the order in which the services list them.
pub(super) fn of(shape: &'static Shape) -> impl Iterator<Item = Constraint> {
    let (max, min) = match shape.kind {
        Kind::Integer | Kind::Long => (
            shape.max.map(|max| Constraint::MaxValue(max, Unit::Whole)),
            shape.min.map(|min| Constraint::MinValue(min, Unit::Whole)),
        ),
        Kind::Double => (
            shape.max.map(|max| Constraint::MaxValue(max, Unit::Real)),
            shape.min.map(|min| Constraint::MinValue(min, Unit::Real)),
        ),
        _ => (shape.max.map(Constraint::MaxLength), shape.min.map(Constraint::MinLength)),
    };
    let values = Some(shape.values).filter(|values| !values.is_empty()).map(Constraint::OneOf);
    [max, min, shape.pattern.map(Constraint::Pattern), values].into_iter().flatten()
}

impl Constraint {
    pub(super) fn holds(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.holds_for_text(text),
            Value::Blob(bytes) => self.holds_for_length(bytes.len()),
            Value::List(values) => self.holds_for_length(values.len()),
            Value::Map(fields) => self.holds_for_length(fields.len()),
            Value::Int(number) => self.holds_for_number(*number as f64),
            Value::Float(number) => self.holds_for_number(*number),
            Value::Null | Value::Bool(_) | Value::Timestamp(_) => true,
        }
    }

    pub(super) fn holds_for_text(&self, text: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.matches(text),
            Self::OneOf(values) => values.contains(&text),
            _ => self.holds_for_length(text.chars().count()),
        }
    }

    fn holds_for_length(&self, length: usize) -> bool {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        match self {
            Self::MaxLength(max) => length <= *max,
            Self::MinLength(min) => length >= *min,
            _ => true,
        }
    }

    fn holds_for_number(&self, number: f64) -> bool {
        match self {
            Self::MaxValue(max, _) => number <= *max as f64,
            Self::MinValue(min, _) => number >= *min as f64,
            _ => true,
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNull => out.write_str("Member must not be null"),
            Self::MaxLength(max) => write!(out, "Member must have length less than or equal to {max}"),
            Self::MinLength(min) => write!(out, "Member must have length greater than or equal to {min}"),
            Self::MaxValue(max, unit) => {
                write!(out, "Member must have value less than or equal to {}", unit.print(*max))
            }
            Self::MinValue(min, unit) => {
                write!(out, "Member must have value greater than or equal to {}", unit.print(*min))
            }
            Self::Pattern(pattern) => {
                write!(out, "Member must satisfy regular expression pattern: {}", pattern.printed)
            }
            Self::OneOf(values) => write!(out, "Member must satisfy enum value set: [{}]", values.join(", ")),
        }
    }
}

impl Unit {
    fn print(self, bound: i64) -> String {
        match self {
            Self::Whole => bound.to_string(),
            Self::Real => format!("{bound}.0"),
        }
    }
}
