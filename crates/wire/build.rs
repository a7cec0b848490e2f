//! Turns `models/` into the static tables and the plain structs that the crate includes.
//!
//! Nothing generated is committed; `cargo xtask models --print` shows the same text to readers.

#[path = "build/generate.rs"]
mod generate;

use std::path::Path;
use std::{env, fs};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo names a build script's output directory in the environment"
)]
fn main() -> Result<(), String> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let out = env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", models.display());
    for service in generate::SERVICES {
        let code = generate::service(&models, service)?;
        write(Path::new(&out), &format!("{service}_table.rs"), &code.table)?;
        write(Path::new(&out), &format!("{service}_structs.rs"), &code.structs)?;
    }
    Ok(())
}

fn write(out: &Path, name: &str, text: &str) -> Result<(), String> {
    fs::write(out.join(name), text).map_err(|error| format!("{name}: {error}"))
}
