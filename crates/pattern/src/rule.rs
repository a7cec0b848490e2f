//! A compiled pattern, and how it is matched.
//!
//! Arrays in events are looked through: a field with an array has each of its elements as a value, and two fields of a
//! pattern that lie in one array of the event must be found in the same element ("array consistency"). Because a rule
//! has each field once, going down rule and event together finds exactly that, without combining elements of different
//! arrays: each element is looked at once for each rule that could stand for it.
//!
//! `{"exists": false}` is what makes it three-valued. It holds where there is no value at all; within an array it holds
//! for the element in which the other fields were found, and without other fields only if no element has the value.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::condition::Condition;

/// What is found of a rule, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// It doesn't hold.
    Nothing,
    /// It holds because nothing is there.
    Absence,
    /// It holds, and something of it is there.
    Presence,
}

/// The values that a field may have.
#[derive(Debug)]
pub(crate) struct Leaf {
    conditions: Box<[Condition]>,
    /// Whether it may also have none.
    absent: bool,
}

/// What a pattern says of one name in an object. A name that `$or` uses in two ways has both.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) leaf: Option<Arc<Leaf>>,
    pub(crate) inner: Option<Rule>,
}

/// What a pattern says of one object: all of the fields, and one of each choice.
#[derive(Debug)]
pub(crate) struct Rule {
    fields: Box<[Field]>,
    choices: Box<[Box<[Rule]>]>,
    /// Whether it holds where nothing is.
    absent: bool,
}

/// What an event has under a name.
pub(crate) enum Seen<'e> {
    Nothing,
    Value(&'e Value),
    /// A value in a form that the question isn't meant for: nothing holds of it, not even that it is absent.
    OtherForm,
}

/// The fields of an event, or of an object in one.
pub(crate) trait Fields {
    /// What a list of values is matched against.
    fn scalars(&self, name: &str) -> Seen<'_>;
    /// What fields inside are matched against.
    fn inside(&self, name: &str) -> Seen<'_>;
}

impl Fields for Map<String, Value> {
    fn scalars(&self, name: &str) -> Seen<'_> {
        self.get(name).map_or(Seen::Nothing, Seen::Value)
    }

    fn inside(&self, name: &str) -> Seen<'_> {
        self.scalars(name)
    }
}

/// `Absence` if it is allowed.
fn absence(allowed: bool) -> Found {
    if allowed { Found::Absence } else { Found::Nothing }
}

impl Leaf {
    pub(crate) fn new(conditions: Vec<Condition>, absent: bool) -> Self {
        Self { conditions: conditions.into(), absent }
    }

    fn found(&self, value: &Value) -> Found {
        match value {
            // Fields inside are no values of this one.
            Value::Object(_) => absence(self.absent),
            Value::Array(items) => any_or_all(items, absence(self.absent), |item| self.found(item)),
            scalar if self.conditions.iter().any(|condition| condition.holds(scalar)) => Found::Presence,
            _ => Found::Nothing,
        }
    }
}

impl Seen<'_> {
    /// What a leaf or a rule finds here, of which it is known whether it takes absence.
    fn found(&self, absent: bool, found: impl FnOnce(&Value) -> Found) -> Found {
        match self {
            Seen::Nothing => absence(absent),
            Seen::Value(value) => found(value),
            Seen::OtherForm => Found::Nothing,
        }
    }
}

/// Presence in any element, or absence in all.
fn any_or_all(items: &[Value], empty: Found, mut found: impl FnMut(&Value) -> Found) -> Found {
    let mut all = empty;
    for item in items {
        match found(item) {
            Found::Presence => return Found::Presence,
            other => all = all.min(other),
        }
    }
    all
}

impl Rule {
    pub(crate) fn new(fields: Vec<Field>, choices: Vec<Box<[Rule]>>) -> Self {
        let absent = fields.iter().all(Field::absent)
            && choices.iter().all(|branches| branches.iter().any(|branch| branch.absent));
        Self { fields: fields.into(), choices: choices.into(), absent }
    }

    /// What is found among the fields of an object.
    pub(crate) fn among<F: Fields + ?Sized>(&self, fields: &F) -> Found {
        let of_fields = self.fields.iter().map(|field| field.among(fields));
        let of_choices = self.choices.iter().map(|branches| best(branches, fields));
        let mut best = Found::Absence;
        for found in of_fields.chain(of_choices) {
            match found {
                Found::Nothing => return Found::Nothing,
                found => best = best.max(found),
            }
        }
        best
    }

    fn found(&self, value: &Value) -> Found {
        match value {
            Value::Object(fields) => self.among(fields),
            Value::Array(items) => any_or_all(items, absence(self.absent), |item| self.found(item)),
            // A scalar has no fields.
            _ => absence(self.absent),
        }
    }

    /// Whether it or a branch of its choices speaks of this name.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.fields.iter().any(|field| &*field.name == name)
            || self.choices.iter().flatten().any(|branch| branch.names(name))
    }
}

fn best<F: Fields + ?Sized>(branches: &[Rule], fields: &F) -> Found {
    let mut best = Found::Nothing;
    for branch in branches {
        match branch.among(fields) {
            Found::Presence => return Found::Presence,
            found => best = best.max(found),
        }
    }
    best
}

impl Field {
    fn absent(&self) -> bool {
        self.leaf.as_ref().is_none_or(|leaf| leaf.absent)
            && self.inner.as_ref().is_none_or(|inner| inner.absent)
    }

    fn among<F: Fields + ?Sized>(&self, fields: &F) -> Found {
        let leaf = self
            .leaf
            .as_ref()
            .map(|leaf| fields.scalars(&self.name).found(leaf.absent, |value| leaf.found(value)));
        let inner = self
            .inner
            .as_ref()
            .map(|inner| fields.inside(&self.name).found(inner.absent, |value| inner.found(value)));
        match (leaf, inner) {
            (Some(Found::Nothing), _) | (_, Some(Found::Nothing)) => Found::Nothing,
            (Some(leaf), Some(inner)) => leaf.max(inner),
            (one, other) => one.or(other).unwrap_or(Found::Absence),
        }
    }
}
