//! From text to the entries of a pattern, as they were written: fields with values, fields with fields, and `$or`.
//!
//! Nothing is merged or multiplied out here: that is `compile`'s.

use std::sync::Arc;

use crate::error::PatternError;
use crate::operators::{self, Operator};
use crate::rule::Leaf;
use crate::tree::Tree;

/// One entry of an object.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A field with a list of values.
    Values(String, Arc<Leaf>),
    /// A field with fields inside.
    Fields(String, Vec<Entry>),
    /// Alternatives for the object that it stands in.
    Or(Vec<Vec<Entry>>),
}

/// Names that can't be fields inside of `$or`. Source: `event-ruler`, "reserved field names in $or relationship".
const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "html",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// Where an object stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InsideOr,
}

/// Reads a pattern. Its depth is bounded by `serde_json`, at 128 levels.
pub(crate) fn pattern(text: &str) -> Result<Vec<Entry>, PatternError> {
    let tree = serde_json::from_str(text).map_err(|error| PatternError::NotJson(error.to_string()))?;
    match tree {
        Tree::Object(fields) => object(&fields, Place::Outside),
        _ => Err(PatternError::NotAnObject),
    }
}

fn object(fields: &[(String, Tree)], place: Place) -> Result<Vec<Entry>, PatternError> {
    if fields.is_empty() {
        return Err(PatternError::EmptyObject);
    }
    fields.iter().map(|(name, value)| entry(name, value, place)).collect()
}

fn entry(name: &str, value: &Tree, place: Place) -> Result<Entry, PatternError> {
    if name == "$or" {
        return alternatives(value);
    }
    if place == Place::InsideOr && RESERVED.contains(&name) {
        return Err(PatternError::ReservedInOr(name.to_owned()));
    }
    match value {
        Tree::Object(fields) => Ok(Entry::Fields(name.to_owned(), object(fields, place)?)),
        Tree::List(values) => Ok(Entry::Values(name.to_owned(), Arc::new(leaf(values)?))),
        _ => Err(PatternError::NeitherObjectNorArray(name.to_owned())),
    }
}

fn alternatives(value: &Tree) -> Result<Entry, PatternError> {
    let Tree::List(items) = value else { return Err(PatternError::OrWithoutArray) };
    let read = |item: &Tree| match item {
        Tree::Object(fields) => object(fields, Place::InsideOr),
        _ => Err(PatternError::OrWithoutObjects),
    };
    let branches = items.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if branches.len() < 2 { Err(PatternError::OrTooShort) } else { Ok(Entry::Or(branches)) }
}

fn leaf(values: &[Tree]) -> Result<Leaf, PatternError> {
    if values.is_empty() {
        return Err(PatternError::EmptyArray);
    }
    let mut conditions = Vec::with_capacity(values.len());
    let mut absent = false;
    for value in values {
        match value {
            Tree::Object(fields) => match operators::read(fields)? {
                Operator::Condition(condition) => conditions.push(condition),
                Operator::Absent => absent = true,
            },
            scalar => conditions.push(operators::equal(scalar)?),
        }
    }
    Ok(Leaf::new(conditions, absent))
}
