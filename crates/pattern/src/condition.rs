//! What a pattern says of one scalar of an event: a string, a number, a boolean or null.
//!
//! Invariant: operators on text hold for strings only, and `numeric` for numbers only; a value of another kind is
//! neither equal to anything else nor refused, so that `anything-but` holds for it.

use serde_json::Value;

use crate::letters::Letters;
use crate::network::Network;
use crate::number::{Comparable, Range};
use crate::wildcard::Wildcard;

/// One alternative of a field.
#[derive(Debug)]
pub(crate) enum Condition {
    Null,
    Bool(bool),
    Number(Comparable),
    Text(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Letters(Letters),
    LettersPrefix(Letters),
    LettersSuffix(Letters),
    Wildcard(Wildcard),
    Numeric(Range),
    Network(Network),
    /// Any scalar at all.
    Exists,
    /// Any scalar but those for which one of these holds.
    AnythingBut(Box<[Condition]>),
}

impl Condition {
    /// Whether it holds for a scalar.
    pub(crate) fn holds(&self, scalar: &Value) -> bool {
        match (self, scalar) {
            (Self::Exists, _) | (Self::Null, Value::Null) => true,
            (Self::AnythingBut(excluded), _) => !excluded.iter().any(|condition| condition.holds(scalar)),
            (Self::Bool(wanted), Value::Bool(given)) => wanted == given,
            (Self::Number(wanted), Value::Number(given)) => *wanted == Comparable::of(given),
            (Self::Numeric(range), Value::Number(given)) => range.holds(given),
            (_, Value::String(text)) => self.holds_for_text(text),
            _ => false,
        }
    }

    fn holds_for_text(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) => **wanted == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Suffix(suffix) => text.ends_with(&**suffix),
            Self::Letters(letters) => letters.equal(text),
            Self::LettersPrefix(letters) => letters.begin(text),
            Self::LettersSuffix(letters) => letters.end(text),
            Self::Wildcard(wildcard) => wildcard.matches(text),
            Self::Network(network) => network.holds(text),
            _ => false,
        }
    }
}
