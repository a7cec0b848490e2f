//! The generator behind the build script, shared with `xtask models`: model and corrections in, Rust text out.
//!
//! Invariant: the output depends on the files under `models/` only.

#[path = "model.rs"]
mod model;
#[path = "names.rs"]
mod names;
#[path = "overrides.rs"]
mod overrides;
#[path = "pattern.rs"]
mod pattern;
#[path = "structs.rs"]
mod structs;
#[path = "table.rs"]
mod table;

use std::path::Path;

/// The services with a model, by the name of its file.
pub(crate) const SERVICES: [&str; 5] = ["lambda", "iam", "sts", "logs", "sqs"];

/// What is generated for one service.
pub(crate) struct Code {
    /// Statics: the service, its operations, shapes, patterns and errors.
    pub(crate) table: String,
    /// Plain structs and one marker per built operation.
    pub(crate) structs: String,
}

/// Reads the files of one service under `models` and generates its code; errors name the file and the place.
pub(crate) fn service(models: &Path, name: &str) -> Result<Code, String> {
    let mut model = model::load(models, name)?;
    overrides::apply(&mut model, &models.join("overrides").join(format!("{name}.toml")))?;
    let table = table::generate(&model)?;
    let structs = structs::generate(&model)?;
    Ok(Code { table, structs })
}
