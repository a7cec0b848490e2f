//! Plain structs for what the built operations take and answer, and one marker type per built operation.
//!
//! Invariant: a struct that holds a sensitive member, at any depth, has no `Debug`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{Model, flag, members, required, targets, text};
use super::names::{field, type_name};

/// The structs and markers of one service.
pub(crate) fn generate(model: &Model) -> Result<String, String> {
    let mut out = String::new();
    let (mut taken, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for name in &model.built {
        let operation = &model.operations[name];
        reach(model, operation.get("input"), &mut taken)?;
        reach(model, operation.get("output"), &mut answered)?;
        marker(model, name, operation, &mut out);
    }
    let all: BTreeSet<&str> = taken.union(&answered).copied().collect();
    for shape in all {
        if model.built.contains(&type_name(shape)) {
            return Err(format!("{shape} is both an operation and a shape: name its struct differently"));
        }
        structure(model, shape, answered.contains(shape), &mut out)?;
    }
    Ok(out)
}

/// Collects the structures that a reference leads to.
fn reach<'a>(model: &'a Model, from: Option<&'a Value>, found: &mut BTreeSet<&'a str>) -> Result<(), String> {
    let mut waiting: Vec<&str> = from.into_iter().map(|reference| text(reference, "shape")).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if seen.insert(name) {
            let shape = model.shape(name)?;
            if text(shape, "type") == "structure" {
                found.insert(name);
            }
            waiting.extend(targets(shape));
        }
    }
    Ok(())
}

fn marker(model: &Model, name: &str, operation: &Value, out: &mut String) {
    let side =
        |key: &str| operation.get(key).map_or("()".to_owned(), |shape| type_name(text(shape, "shape")));
    let at = model.operations.keys().position(|key| key == name).unwrap_or_default();
    out.push_str(&format!(
        "/// `{name}` as a type.\npub struct {name};\nimpl Typed for {name} {{\n    type Input = {};\n    \
         type Output = {};\n    const OPERATION: &'static Operation = &table::{}_OPERATIONS[{at}];\n}}\n",
        side("input"),
        side("output"),
        model.prefix(),
    ));
}

fn structure(model: &Model, name: &str, answered: bool, out: &mut String) -> Result<(), String> {
    let shape = model.shape(name)?;
    let mut derives = vec!["Clone", "PartialEq"];
    if !secret(model, name, &mut BTreeSet::new())? {
        derives.push("Debug");
    }
    if answered || members(shape).all(|member| !required(shape, text(member, "name"))) {
        derives.push("Default");
    }
    let (mut fields, mut reads, mut writes) = (String::new(), String::new(), String::new());
    for member in members(shape) {
        let (member, target) = (text(member, "name"), text(member, "shape"));
        let (field, kind) = (field(member), rust_type(model, target, name)?);
        let (kind, verb) = match required(shape, member) {
            true => (kind, "required"),
            false => (format!("Option<{kind}>"), "optional"),
        };
        fields
            .push_str(&format!("    /// `{member}`: {}.\n    pub {field}: {kind},\n", facts(model, target)?));
        reads.push_str(&format!("{field}: fields.{verb}({member:?})?, "));
        writes.push_str(&format!("        fields.put_{verb}({member:?}, self.{field});\n"));
    }
    let (kind, derives) = (type_name(name), derives.join(", "));
    let (from, count) = if reads.is_empty() { ("", 0) } else { ("mut ", members(shape).count()) };
    let (bind, fill) = if reads.is_empty() { ("_", "") } else { ("fields", "mut ") };
    out.push_str(&format!(
        "/// `{name}`.\n#[derive({derives})]\npub struct {kind} {{\n{fields}}}\nimpl Field for {kind} {{\n    \
         fn from_value(value: Value) -> Result<Self, ReadError> {{\n        \
         let {from}{bind} = value.into_fields()?;\n        Ok(Self {{ {reads}}})\n    }}\n    \
         fn into_value(self) -> Value {{\n        let {fill}fields = Fields::with_capacity({count});\n{writes}        \
         Value::Map(fields)\n    }}\n}}\n"
    ));
    Ok(())
}

/// The Rust type of a shape; a structure that contains itself has no plain struct.
fn rust_type(model: &Model, name: &str, inside: &str) -> Result<String, String> {
    let shape = model.shape(name)?;
    let of = |key: &str| rust_type(model, text(&shape[key], "shape"), inside);
    Ok(match text(shape, "type") {
        "structure" if contains(model, name, inside)? => {
            return Err(format!("{inside} contains itself by {name}"));
        }
        "structure" => type_name(name),
        "list" => format!("Vec<{}>", of("member")?),
        "map" => format!("BTreeMap<String, {}>", of("value")?),
        "string" => "String".to_owned(),
        "integer" | "long" => "i64".to_owned(),
        "double" | "float" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "blob" => "Bytes".to_owned(),
        "timestamp" => "Time".to_owned(),
        other => return Err(format!("{name} is a {other}, which has no plain type")),
    })
}

fn contains(model: &Model, outer: &str, inner: &str) -> Result<bool, String> {
    let mut waiting = vec![outer];
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if name == inner {
            return Ok(true);
        }
        if seen.insert(name) {
            waiting.extend(targets(model.shape(name)?));
        }
    }
    Ok(false)
}

fn secret<'a>(model: &'a Model, name: &'a str, seen: &mut BTreeSet<&'a str>) -> Result<bool, String> {
    let shape = model.shape(name)?;
    if flag(shape, "sensitive") {
        return Ok(true);
    }
    for target in targets(shape) {
        if seen.insert(target) && secret(model, target, seen)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a reader wants to know of a member: its shape, its bounds, whether it is sensitive.
fn facts(model: &Model, name: &str) -> Result<String, String> {
    let shape = model.shape(name)?;
    let bound = |key: &str, word: &str| shape.get(key).map(|bound| format!(", {word} {bound}"));
    let bounds = [bound("min", "from"), bound("max", "up to")].into_iter().flatten().collect::<String>();
    let sensitive = if flag(shape, "sensitive") { ", sensitive" } else { "" };
    Ok(format!("{name}{bounds}{sensitive}"))
}
