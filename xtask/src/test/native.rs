//! Builds the native function of the client tests: static, so that it runs in a root without libraries.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;
use crate::workspace::Workspace;

/// The target that needs no shared library.
const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-musl" } else { "x86_64-unknown-linux-musl" };

/// The built `bootstrap`, or why there is none.
pub(crate) fn build(workspace: &Workspace, logs: &Path) -> Result<PathBuf, String> {
    let source = workspace.root.join("tests/native-function");
    add_target()?;
    let target = workspace.target.join("native-function");
    let mut cargo = program::cargo(&source);
    cargo.args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"]).arg(&target);
    let finished = program::run(&mut cargo, &logs.join("native-function.log"))?;
    let last = finished.output.lines().last().unwrap_or_default();
    if finished.succeeded() {
        Ok(target.join(TARGET).join("release/bootstrap"))
    } else {
        Err(format!("it did not build: {last}"))
    }
}

fn add_target() -> Result<(), String> {
    let installed = program::answer(Command::new("rustup").args(["target", "list", "--installed"]))?;
    if installed.lines().any(|line| line == TARGET) {
        return Ok(());
    }
    let added = program::answer(Command::new("rustup").args(["target", "add", TARGET]));
    added.map(drop).map_err(|error| format!("the Rust target {TARGET} is missing: {error}"))
}
