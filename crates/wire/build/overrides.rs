//! Corrections of a model: what the service really does.
//!
//! Invariant: every correction names its source and a shape that exists; anything else in the file is refused.

use std::fs;
use std::path::Path;

use serde_json::Value;
use toml::{Table, Value as Toml};

use super::model::Model;

/// Applies the corrections of one file.
pub(crate) fn apply(model: &mut Model, file: &Path) -> Result<(), String> {
    let place = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("{place}: {error}"))?;
    let table: Table = text.parse().map_err(|error| format!("{place}: {error}"))?;
    for (section, entry) in &table {
        match (section.as_str(), entry) {
            ("service", Toml::Table(entry)) => service(model, entry),
            ("shape", Toml::Table(shapes)) => {
                shapes.iter().try_for_each(|(name, entry)| shape(model, name, entry))
            }
            ("query_codes", Toml::Table(codes)) => query_codes(model, codes),
            _ => Err(format!("unknown section {section}")),
        }
        .map_err(|error| format!("{place}: {error}"))?;
    }
    Ok(())
}

fn service(model: &mut Model, entry: &Table) -> Result<(), String> {
    for (key, value) in entry {
        let value = value.as_str().ok_or_else(|| format!("{key} must be a text"))?.to_owned();
        match key.as_str() {
            "validation_code" => model.validation_code = value,
            "serialization_code" => model.serialization_code = value,
            "missing" => model.missing = value,
            "source" => {}
            _ => return Err(format!("unknown key {key} of service")),
        }
    }
    Ok(())
}

fn query_codes(model: &mut Model, codes: &Table) -> Result<(), String> {
    if !model.metadata.contains_key("awsQueryCompatible") {
        return Err(format!("{} has no past in the query protocol", model.name));
    }
    for (code, older) in codes.iter().filter(|(key, _)| *key != "source") {
        let older = older.as_str().ok_or_else(|| format!("{code} must be a text"))?;
        model.query_codes.insert(code.clone(), older.to_owned());
    }
    Ok(())
}

fn shape(model: &mut Model, name: &str, entry: &Toml) -> Result<(), String> {
    let entry = entry.as_table().ok_or_else(|| format!("{name} must be a table"))?;
    if !entry.contains_key("source") {
        return Err(format!("the correction of {name} needs a source"));
    }
    let target = model.shapes.get_mut(name).and_then(Value::as_object_mut);
    let target = target.ok_or_else(|| format!("{name} is not a shape of the model"))?;
    for (key, value) in entry {
        match (key.as_str(), value) {
            ("min" | "max", Toml::Integer(bound)) => {
                target.insert(key.clone(), (*bound).into());
            }
            ("prints", Toml::String(pattern)) => {
                target.insert(key.clone(), pattern.clone().into());
            }
            ("unchecked_enum", Toml::Boolean(true)) => {
                target.remove("enum");
            }
            ("matches", Toml::String(expression)) => {
                model.matches.insert(name.to_owned(), expression.clone());
            }
            ("source", Toml::String(_)) => {}
            _ => return Err(format!("unknown key {key} of {name}")),
        }
    }
    Ok(())
}
