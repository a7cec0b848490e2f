//! How big the project is: what a build costs, how many crates it pulls in, what the binary weighs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program;
use crate::server::{Server, free_address};
use crate::workspace::Workspace;

/// Measures and prints; builds in a target folder of its own, which it removes again.
pub(crate) fn run() -> Result<(), String> {
    let workspace = Workspace::read()?;
    println!("dependencies of lambent     {} crates", dependencies(&workspace.root)?);
    let target = workspace.target.join("size");
    let measured = builds(&workspace.root, &target);
    let removed = fs::remove_dir_all(&target);
    measured?;
    removed.map_err(|error| format!("{}: {error}", target.display()))
}

fn dependencies(root: &Path) -> Result<usize, String> {
    let mut cargo = program::cargo(root);
    cargo.args(["tree", "--package", "lambent", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let tree = program::answer(&mut cargo)?;
    Ok(tree.lines().map(|line| line.trim_end_matches(" (*)")).collect::<BTreeSet<_>>().len())
}

fn builds(root: &Path, target: &Path) -> Result<(), String> {
    println!("release build, cold         {:.0} s", build(root, target)?);
    let binary = target.join("release/lambent");
    let length = fs::metadata(&binary).map_err(|error| error.to_string())?.len();
    println!("binary                      {:.1} MB", length as f64 / 1e6);
    touch(&root.join("bin/lambent/src/main.rs"))?;
    println!("release build, one change   {:.0} s", build(root, target)?);
    println!("idle, resident              {:.1} MB", idle(&binary, target)?);
    Ok(())
}

/// Megabytes of the platform and its spawner, a moment after the start with an empty data folder.
fn idle(binary: &Path, target: &Path) -> Result<f64, String> {
    let address = free_address()?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--data-dir").arg(target.join("data"));
    command.args(["--listen", &address.to_string(), "--accept-weak-isolation"]);
    let server = Server::start(command, address, &target.join("serve.log"))?.polite();
    std::thread::sleep(Duration::from_secs(2));
    Ok(server.resident_megabytes())
}

fn build(root: &Path, target: &Path) -> Result<f64, String> {
    let started = Instant::now();
    let mut cargo = program::cargo(root);
    cargo.args(["build", "--quiet", "--release", "--bin", "lambent", "--target-dir"]).arg(target);
    program::answer(&mut cargo)?;
    Ok(started.elapsed().as_secs_f64())
}

fn touch(file: &Path) -> Result<(), String> {
    program::answer(Command::new("touch").arg(file)).map(drop)
}
