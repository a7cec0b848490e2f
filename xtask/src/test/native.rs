//! Builds the native function of the client tests: static, so that it runs in a root without libraries.

use std::path::{Path, PathBuf};

use crate::program;
use crate::workspace::Workspace;

/// The host's own, so that the C library's allocator and copying are those that functions are usually built with.
pub(super) const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };

/// Where cargo reads compiler flags of that target alone from.
pub(super) const FLAGS: &str = if cfg!(target_arch = "aarch64") {
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS"
} else {
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS"
};

/// The built `bootstrap`, or why there is none.
pub(crate) fn build(workspace: &Workspace, logs: &Path) -> Result<PathBuf, String> {
    let source = workspace.root.join("tests/native-function");
    let target = workspace.target.join("native-function");
    let mut cargo = program::cargo(&source);
    cargo.args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"]).arg(&target);
    cargo.env(FLAGS, "-C target-feature=+crt-static");
    let finished = program::run(&mut cargo, &logs.join("native-function.log"))?;
    let last = finished.output.lines().last().unwrap_or_default();
    if finished.succeeded() {
        Ok(target.join(TARGET).join("release/bootstrap"))
    } else {
        Err(format!("it did not build: {last}"))
    }
}
