//! The messages for broken constraints: per built operation one request for each constraint that it breaks.
//!
//! The expected messages stand in `golden/validation.txt`. After a change of a model, read the new file that the
//! failing test names, and put it in the old one's place if every line is right.
#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected is found")]

use std::fmt::Write;

use wire::{Fields, Kind, Member, Operation, Shape, Value};

/// Texts of which some fits every shape that a built operation demands.
const FITTING: &[&str] = &[
    "echo",
    "arn:aws:iam::123456789012:role/echo",
    "AKIAIOSFODNN7EXAMPLE",
    "arn:aws:lambda:us-east-1:123456789012:layer:echo:1",
    "subnet-0a1b2c3d",
    "sg-0a1b2c3d",
    "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0",
    "/mnt/echo",
    "arn:aws:lambda:us-east-1:123456789012:capacity-provider:echo",
    "arn:aws:lambda:us-east-1:123456789012:runtime/0123456789abcdef",
    "subnet-a",
    "123456789012",
    "v1",
    "arn:aws:iam::123456789012:policy/echo",
    "lambda:InvokeFunction",
    "lambda:GetLayerVersion",
    "arn:aws:lambda:us-east-1:123456789012:function:echo",
];
/// Texts of which some fits no pattern that is printed.
const UNFITTING: [&str; 5] =
    ["not fitting!", "two\nlines:*", "\u{7}\u{7}\u{7}\u{7}\u{7}\u{7}\u{7}\u{7}\u{7}", "é", "\u{ffff}"];

#[test]
fn messages_are_those_of_the_golden_file() {
    let actual = everything();
    let golden = include_str!("golden/validation.txt");
    if actual != golden {
        let place = concat!(env!("CARGO_TARGET_TMPDIR"), "/validation.txt");
        std::fs::write(place, &actual).unwrap();
        let differing = actual.lines().zip(golden.lines()).find(|(new, old)| new != old);
        panic!("the messages changed; compare golden/validation.txt with {place}; first: {differing:#?}");
    }
}

fn everything() -> String {
    let mut out = String::new();
    for operation in wire::services().iter().flat_map(|service| service.operations) {
        if let (true, Some(input)) = (operation.built, operation.input) {
            let valid = minimal(input);
            wire::validate(operation, &valid).unwrap_or_else(|found| panic!("{}: {found}", operation.name));
            writeln!(out, "{}.{}", operation.service.name, operation.name).unwrap();
            for broken in broken(input, 0) {
                report(operation, &valid, &broken, &mut out);
            }
        }
    }
    out
}

fn report(operation: &'static Operation, valid: &Value, broken: &Value, out: &mut String) {
    let mut fields = valid.as_map().cloned().unwrap_or_default();
    for (name, value) in broken.as_map().into_iter().flat_map(Fields::iter) {
        fields.insert(name.to_owned(), value.clone());
    }
    let found = wire::validate(operation, &Value::Map(fields)).expect_err("a violation");
    let visible =
        |letter: char| if letter.is_control() { letter.escape_unicode().to_string() } else { letter.into() };
    let message: String = found.to_string().chars().map(visible).collect();
    writeln!(out, "  {}", shortened(&message)).unwrap();
}

/// Rows of one letter as `a×141`, rows of one element as `echo, ×1500`, so that lines stay readable.
fn shortened(message: &str) -> String {
    let letters: Vec<String> = message.chars().map(String::from).collect();
    let text = rows(&letters, 10);
    let elements: Vec<String> = text.split_inclusive(", ").map(str::to_owned).collect();
    rows(&elements, 3)
}

/// Joins the items; a row of at least `many` equal ones is counted.
fn rows(items: &[String], many: usize) -> String {
    let row = |row: &[String]| match row {
        [first, ..] if row.len() >= many => format!("{first}×{}", row.len()),
        row => row.concat(),
    };
    items.chunk_by(|one, other| one == other).map(row).collect()
}

/// A value that satisfies a shape, with nothing that isn't required.
fn minimal(shape: &'static Shape) -> Value {
    match shape.kind {
        Kind::Structure { members, .. } => {
            let required = members.iter().filter(|member| member.required);
            Value::Map(required.map(|member| (member.name, minimal(member.shape))).collect())
        }
        Kind::List { element } => many(element, usize::try_from(shape.min.unwrap_or(1)).unwrap().max(1)),
        Kind::Map { key, value } => {
            Value::Map([(text(key.shape), minimal(value.shape))].into_iter().collect())
        }
        Kind::String => Value::String(text(shape)),
        Kind::Integer | Kind::Long => Value::Int(shape.min.unwrap_or(1)),
        Kind::Double => Value::Float(shape.min.unwrap_or(1) as f64),
        Kind::Boolean => Value::Bool(true),
        Kind::Blob => Value::Blob(vec![b'x'].into()),
        Kind::Timestamp => Value::Timestamp(0),
    }
}

fn many(element: &Member, count: usize) -> Value {
    Value::List(vec![minimal(element.shape); count])
}

fn text(shape: &Shape) -> String {
    if let Some(first) = shape.values.first() {
        return (*first).to_owned();
    }
    let fits =
        |text: &&str| shape.pattern.is_none_or(|pattern| pattern.matches(text)) && within(shape, text.len());
    FITTING.iter().copied().find(fits).unwrap_or_else(|| panic!("no text fits {}", shape.name)).to_owned()
}

fn within(shape: &Shape, length: usize) -> bool {
    let length = i64::try_from(length).unwrap();
    shape.min.is_none_or(|min| length >= min) && shape.max.is_none_or(|max| length <= max)
}

/// Values of a shape, each of which breaks one of its constraints, or one somewhere inside.
fn broken(shape: &'static Shape, depth: usize) -> Vec<Value> {
    assert!(depth < 10, "{} is too deep", shape.name);
    match shape.kind {
        Kind::Structure { members, .. } => {
            members.iter().flat_map(|member| broken_member(shape, member, depth)).collect()
        }
        Kind::List { element } => broken_list(shape, element, depth),
        Kind::Map { key, value } => broken_map(key, value, depth),
        Kind::String => broken_text(shape).into_iter().map(Value::String).collect(),
        Kind::Integer | Kind::Long => {
            let (less, more) = (shape.min.map(|min| min - 1), shape.max.and_then(|max| max.checked_add(1)));
            [more, less].into_iter().flatten().map(Value::Int).collect()
        }
        Kind::Double => {
            let (less, more) = (shape.min.map(|min| min as f64 - 0.5), shape.max.map(|max| max as f64 + 0.5));
            [more, less].into_iter().flatten().map(Value::Float).collect()
        }
        Kind::Blob | Kind::Boolean | Kind::Timestamp => Vec::new(),
    }
}

fn broken_member(shape: &'static Shape, member: &'static Member, depth: usize) -> Vec<Value> {
    let missing = member.required.then_some(Value::Null);
    let values = missing.into_iter().chain(broken(member.shape, depth + 1));
    let with = |value: Value| {
        let mut fields = minimal(shape).into_fields().unwrap();
        fields.insert(member.name, value);
        Value::Map(fields)
    };
    values.map(with).collect()
}

fn broken_list(shape: &'static Shape, element: &'static Member, depth: usize) -> Vec<Value> {
    let long = shape.max.map(|max| many(element, usize::try_from(max).unwrap() + 1));
    let short = shape.min.filter(|min| *min > 0).map(|_| Value::List(Vec::new()));
    let inside = broken(element.shape, depth + 1).into_iter().map(|value| Value::List(vec![value]));
    long.into_iter().chain(short).chain([Value::List(vec![Value::Null])]).chain(inside).collect()
}

fn broken_map(key: &'static Member, value: &'static Member, depth: usize) -> Vec<Value> {
    let one = |name: String, value: Value| Value::Map([(name, value)].into_iter().collect());
    let keys = broken_text(key.shape).into_iter().map(|name| one(name, minimal(value.shape)));
    keys.chain(broken(value.shape, depth + 1).into_iter().map(|value| one(text(key.shape), value))).collect()
}

fn broken_text(shape: &Shape) -> Vec<String> {
    let long = shape.max.map(|max| "a".repeat(usize::try_from(max).unwrap() + 1));
    let short = shape.min.filter(|min| *min > 0).map(|min| "a".repeat(usize::try_from(min).unwrap() - 1));
    let other = shape.pattern.map(|pattern| {
        let unfitting = UNFITTING.into_iter().find(|text| !pattern.matches(text));
        unfitting.unwrap_or_else(|| panic!("everything fits {}", pattern.printed)).to_owned()
    });
    let unlisted = (!shape.values.is_empty()).then(|| "unlisted".to_owned());
    [long, short, other, unlisted].into_iter().flatten().collect()
}
