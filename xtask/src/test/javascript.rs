//! The JavaScript SDK that the client tests call the platform with: what tests/javascript/package-lock.json pins.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;
use crate::workspace::Workspace;

/// What is copied beside the packages: node looks for them from the script's own folder.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "call.mjs"];

/// The folder `node_modules` that holds exactly what is pinned, beside a copy of the script.
pub(super) fn install(workspace: &Workspace, logs: &Path) -> Result<PathBuf, String> {
    for tool in ["node", "npm"] {
        program::find(tool).ok_or_else(|| format!("{tool} is not installed"))?;
    }
    let (source, dir) = (workspace.root.join("tests/javascript"), workspace.target.join("test-javascript"));
    let (modules, stamp) = (dir.join("node_modules"), dir.join("installed.json"));
    let wanted = fs::read(source.join("package-lock.json")).map_err(|error| error.to_string())?;
    let present = fs::read(&stamp).is_ok_and(|present| present == wanted);
    // Whoever owns the folder: another user's may be used as it is, so it is written only when it differs.
    if !present || FILES.iter().any(|file| fs::read(source.join(file)).ok() != fs::read(dir.join(file)).ok())
    {
        copy(&source, &dir)?;
    }
    if !present {
        println!("installing the JavaScript SDK of the tests in {}", dir.display());
        let mut npm = Command::new("npm");
        npm.current_dir(&dir).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        let finished = program::run(&mut npm, &logs.join("npm.log"))?;
        if !finished.succeeded() {
            return Err(format!("npm failed: {}", finished.output.lines().last().unwrap_or_default()));
        }
        fs::write(&stamp, wanted).map_err(|error| error.to_string())?;
    }
    Ok(modules)
}

fn copy(source: &Path, dir: &Path) -> Result<(), String> {
    fs::create_dir_all(dir).map_err(|error| error.to_string())?;
    for file in FILES {
        fs::copy(source.join(file), dir.join(file)).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}
