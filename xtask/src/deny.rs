//! Licences and advisories of the dependencies, by cargo-deny and deny.toml.

use crate::program;
use crate::workspace::Workspace;

/// Why it could not run, when the tool is missing.
pub(crate) const MISSING: &str = "cargo-deny is not installed (cargo install --locked cargo-deny)";

/// Whether the tool is there.
pub(crate) fn installed() -> bool {
    program::find("cargo-deny").is_some()
}

/// Checks the whole dependency graph.
pub(crate) fn run() -> Result<(), String> {
    if !installed() {
        return Err(MISSING.to_owned());
    }
    let workspace = Workspace::read()?;
    let status = program::cargo(&workspace.root).args(["deny", "check"]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("cargo deny found something".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
