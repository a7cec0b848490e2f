//! The models' constraints, with the services' own messages.
//!
//! Invariant: a value that the model marks as sensitive is never printed.
//!
//! Sources: the forms of the messages are those that the services are recorded to send. A member of a list or a map
//! that is itself a single value is reported at the list or map, with all that its members must satisfy in brackets.

use std::fmt;

use crate::schema::{Kind, Member, Operation, Shape};
use crate::value::{Fields, Value};

mod constraint;
mod print;

use constraint::Constraint;

/// Violations that are listed, at most; the count in the message is that of all.
const LISTED: usize = 100;

/// One broken constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: `routingConfig.additionalVersionWeights`.
    pub path: String,
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// Everything that is wrong with an input; its text is the message for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violations {
    count: usize,
    listed: Vec<Violation>,
    /// The first missing member, in the words of a service that has some of its own.
    missing: Option<String>,
}

impl Violations {
    /// How many constraints are broken.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first hundred of them, in the model's order.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.listed.iter()
    }

    fn add(&mut self, path: &str, value: &str, constraint: impl fmt::Display) {
        self.count += 1;
        if self.listed.len() < LISTED {
            let message = format!("Value{value} at '{path}' failed to satisfy constraint: {constraint}");
            self.listed.push(Violation { path: path.to_owned(), message });
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(missing) = &self.missing {
            return out.write_str(missing);
        }
        let plural = if self.count == 1 { "" } else { "s" };
        write!(out, "{} validation error{plural} detected: ", self.count)?;
        for (at, violation) in self.listed.iter().enumerate() {
            write!(out, "{}{violation}", if at > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Checks an input against the constraints of its operation. The code on the wire is the service's
/// `validation_code`, the status 400.
pub fn validate(operation: &'static Operation, value: &Value) -> Result<(), Violations> {
    let mut found = Violations::default();
    if !operation.service.missing.0.is_empty() {
        found.missing = missing(operation, value);
    }
    if let (Some(shape), Some(fields)) = (operation.input, value.as_map()) {
        structure(shape, fields, "", false, &mut found);
    }
    if found.count == 0 { Ok(()) } else { Err(found) }
}

/// What the service says of the first required member at the top that is not there.
fn missing(operation: &'static Operation, value: &Value) -> Option<String> {
    let absent = |member: &&Member| member.required && value.get(member.name).is_none();
    let member = operation.input?.members().iter().find(absent)?;
    let (before, after) = operation.service.missing;
    Some(format!("{before}{}{after}", member.name))
}

/// A value at its place.
#[derive(Clone, Copy)]
struct Spot<'a> {
    shape: &'static Shape,
    value: &'a Value,
    path: &'a str,
    secret: bool,
}

fn structure(shape: &'static Shape, fields: &Fields, path: &str, secret: bool, found: &mut Violations) {
    for member in shape.members() {
        let path = below(path, &lower_camel(member.name));
        match fields.get(member.name) {
            Some(value) => check(Spot { shape: member.shape, value, path: &path, secret }, found),
            None if member.required => found.add(&path, " null", Constraint::NotNull),
            None => {}
        }
    }
}

fn check(spot: Spot<'_>, found: &mut Violations) {
    let spot = Spot { secret: spot.secret || spot.shape.sensitive, ..spot };
    for constraint in constraint::of(spot.shape).filter(|constraint| !constraint.holds(spot.value)) {
        found.add(spot.path, &print::value(spot.shape, spot.value, spot.secret), constraint);
    }
    match (spot.value, &spot.shape.kind) {
        (Value::Map(fields), Kind::Structure { .. }) => {
            structure(spot.shape, fields, spot.path, spot.secret, found);
        }
        (Value::Map(fields), Kind::Map { key, value }) => map(spot, fields, key, value, found),
        (Value::List(values), Kind::List { element }) => list(spot, values, element, found),
        _ => {}
    }
}

fn list(spot: Spot<'_>, values: &[Value], element: &'static Member, found: &mut Violations) {
    if !is_single(element) {
        for (at, value) in values.iter().enumerate() {
            each(spot, &format!("{}.member", at + 1), value, element, found);
        }
    } else if values.iter().any(|value| !holds(element, value)) {
        together(spot, "Member must satisfy constraint", element, found);
    }
}

fn map(
    spot: Spot<'_>,
    fields: &Fields,
    key: &'static Member,
    inner: &'static Member,
    found: &mut Violations,
) {
    let fits = |name: &str| constraint::of(key.shape).all(|constraint| constraint.holds_for_text(name));
    if fields.iter().any(|(name, _)| !fits(name)) {
        together(spot, "Map keys must satisfy constraint", key, found);
    }
    if !is_single(inner) {
        for (name, value) in fields.iter() {
            let name = if key.shape.sensitive { "***" } else { name };
            each(spot, &format!("{name}.member"), value, inner, found);
        }
    } else if fields.iter().any(|(_, value)| !holds(inner, value)) {
        together(spot, "Map value must satisfy constraint", inner, found);
    }
}

fn is_single(member: &Member) -> bool {
    !matches!(member.shape.kind, Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. })
}

fn holds(member: &Member, value: &Value) -> bool {
    !value.is_null() && constraint::of(member.shape).all(|constraint| constraint.holds(value))
}

/// Checks one structure, list or map inside a list or map at a path of its own.
fn each(spot: Spot<'_>, name: &str, value: &Value, inner: &'static Member, found: &mut Violations) {
    let path = below(spot.path, name);
    match value {
        Value::Null => found.add(&path, " null", Constraint::NotNull),
        value => check(Spot { shape: inner.shape, value, path: &path, secret: spot.secret }, found),
    }
}

/// Reports single values inside a list or map, all at once, with everything that they must satisfy.
fn together(spot: Spot<'_>, rule: &str, inner: &'static Member, found: &mut Violations) {
    let mut all: Vec<String> = constraint::of(inner.shape).map(|constraint| constraint.to_string()).collect();
    all.push(Constraint::NotNull.to_string());
    let printed = print::value(spot.shape, spot.value, spot.secret || inner.shape.sensitive);
    found.add(spot.path, &printed, format_args!("{rule}: [{}]", all.join(", ")));
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The services lower the first letter only: `kMSKeyArn`.
fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
