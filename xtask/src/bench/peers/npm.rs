//! Packages of the npm registry in folders of their own, installed once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;

/// A folder with exactly these packages and what they need.
pub(in crate::bench) fn installed(dir: &Path, name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = dir.join(name);
    let (stamp, wanted) = (folder.join("installed.txt"), packages.join("\n"));
    if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(folder);
    }
    println!("installing {}", packages.join(" and "));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    fs::write(folder.join("package.json"), "{\"private\": true}\n").map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).args(packages);
    program::answer(&mut npm)?;
    fs::write(&stamp, wanted).map_err(|error| error.to_string())?;
    Ok(folder)
}
