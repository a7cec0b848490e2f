//! A static program that says a word and ends, and the program that makes environments for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;
use crate::workspace::Workspace;

/// The program that does nothing but to say that it was begun, made in that folder.
pub(crate) fn build(dir: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let (source, program) = (dir.join("nothing.rs"), dir.join("nothing"));
    fs::write(&source, "fn main() {\n    println!(\"!\");\n}\n").map_err(|error| error.to_string())?;
    let mut rustc = Command::new("rustc");
    rustc.args(["-O", "-C", "target-feature=+crt-static", "-C", "panic=abort", "-o"]);
    program::answer(rustc.arg(&program).arg(&source))?;
    Ok(program)
}

/// The sandbox's example of that name, optimised.
pub(crate) fn environments(workspace: &Workspace) -> Result<PathBuf, String> {
    let mut build = program::cargo(&workspace.root);
    let package = ["--package", "sandbox", "--example", "environments"];
    program::answer(build.args(["build", "--quiet", "--release"]).args(package))?;
    Ok(workspace.target.join("release/examples/environments"))
}
