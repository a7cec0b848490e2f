//! One service's reduced model as the generator sees it.
//!
//! Invariant: every shape that a member, an operation or an error names exists; a model that breaks this is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// A service: facts from its model, corrected by its overrides.
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) operations: BTreeMap<String, Value>,
    pub(crate) shapes: BTreeMap<String, Value>,
    pub(crate) built: BTreeSet<String>,
    pub(crate) validation_code: String,
    pub(crate) serialization_code: String,
    /// Code on the wire → the code that the query protocol had.
    pub(crate) query_codes: BTreeMap<String, String>,
    /// The message for a missing member, with `{}` for its name; "" for the general one.
    pub(crate) missing: String,
    /// Shape → an expression for its pattern's texts that the regex engine can run.
    pub(crate) matches: BTreeMap<String, String>,
}

/// Loads `<name>.json` and `<name>.ops`.
pub(crate) fn load(models: &Path, name: &str) -> Result<Model, String> {
    let file = models.join(format!("{name}.json"));
    let json: Value =
        serde_json::from_str(&read(&file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    let model = Model {
        name: name.to_owned(),
        metadata: object(&json, "metadata")?.clone(),
        operations: entries(&json, "operations")?,
        shapes: entries(&json, "shapes")?,
        built: read(&models.join(format!("{name}.ops")))?.lines().map(str::to_owned).collect(),
        validation_code: String::new(),
        serialization_code: String::new(),
        query_codes: BTreeMap::new(),
        missing: String::new(),
        matches: BTreeMap::new(),
    };
    model.check()?;
    Ok(model)
}

impl Model {
    fn check(&self) -> Result<(), String> {
        if let Some(unknown) = self.built.iter().find(|name| !self.operations.contains_key(*name)) {
            return Err(format!("{}.ops names {unknown}, which the model doesn't have", self.name));
        }
        for (name, shape) in &self.shapes {
            for target in targets(shape) {
                self.shape(target).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        Ok(())
    }

    /// The shape of that name.
    pub(crate) fn shape(&self, name: &str) -> Result<&Value, String> {
        self.shapes.get(name).ok_or_else(|| format!("{} has no shape {name}", self.name))
    }

    /// The position of a shape in the table.
    pub(crate) fn index(&self, name: &str) -> Result<usize, String> {
        self.shapes
            .keys()
            .position(|key| key == name)
            .ok_or_else(|| format!("{} has no shape {name}", self.name))
    }

    /// Where the table's statics of this service begin: `LAMBDA`.
    pub(crate) fn prefix(&self) -> String {
        self.name.to_uppercase()
    }
}

/// A text of a JSON object, "" where it is absent.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// A truth value of a JSON object, false where it is absent.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The members of a structure in the model's order.
pub(crate) fn members(shape: &Value) -> impl Iterator<Item = &Value> {
    shape.get("members").and_then(Value::as_array).into_iter().flatten()
}

/// Whether a structure demands a member.
pub(crate) fn required(shape: &Value, member: &str) -> bool {
    list(shape, "required").any(|name| name == member)
}

/// The texts of a JSON array, none where it is absent.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The shapes that a shape refers to directly.
pub(crate) fn targets(shape: &Value) -> Vec<&str> {
    let direct = ["member", "key", "value"].into_iter().filter_map(|key| shape.get(key));
    direct.chain(members(shape)).map(|member| text(member, "shape")).collect()
}

fn object<'a>(json: &'a Value, key: &str) -> Result<&'a Map<String, Value>, String> {
    json.get(key).and_then(Value::as_object).ok_or_else(|| format!("the model has no {key}"))
}

fn entries(json: &Value, key: &str) -> Result<BTreeMap<String, Value>, String> {
    Ok(object(json, key)?.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
