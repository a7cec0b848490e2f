//! Builds the client test that uses the AWS SDK for Rust: a project of its own, in the slow tier only, because the SDK
//! takes about a minute to compile.

use std::path::{Path, PathBuf};

use crate::program;
use crate::workspace::Workspace;

/// The built program, or why there is none.
pub(super) fn build(workspace: &Workspace, logs: &Path) -> Result<PathBuf, String> {
    let target = workspace.target.join("rust-client");
    let mut cargo = program::cargo(&workspace.root.join("tests/rust-client"));
    cargo.args(["build", "--locked", "--target-dir"]).arg(&target);
    let finished = program::run(&mut cargo, &logs.join("rust-client.log"))?;
    let last = finished.output.lines().last().unwrap_or_default();
    if finished.succeeded() {
        Ok(target.join("debug/rust-client"))
    } else {
        Err(format!("it did not build: {last}"))
    }
}
