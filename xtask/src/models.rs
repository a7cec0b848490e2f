//! `models`: refreshes `models/*.json` from the botocore that `models/refresh.py` pins, or prints the generated code.
//!
//! Invariant: what `--print` shows is what the build script of `wire` writes: both call the same generator.

#[path = "../../crates/wire/build/generate.rs"]
mod generate;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;
use crate::workspace::Workspace;

/// Without arguments refreshes the models; with `--print [SERVICE…]` prints the code made from them.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let workspace = Workspace::read()?;
    let models = workspace.root.join("models");
    match arguments.split_first() {
        None => refresh(&models, &workspace.target),
        Some((flag, services)) if flag == "--print" => print(&models, services),
        Some((other, _)) => Err(format!("`models` takes nothing or --print [SERVICE…], not `{other}`")),
    }
}

fn refresh(models: &Path, target: &Path) -> Result<(), String> {
    let script = models.join("refresh.py");
    let python = python(target, &pinned(&script)?)?;
    let written = program::answer(Command::new(python).arg(&script))?;
    print!("{written}");
    Ok(())
}

/// The version in the script's line `BOTOCORE = "…"`.
fn pinned(script: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(script).map_err(|error| format!("{}: {error}", script.display()))?;
    let version = text.lines().find_map(|line| line.strip_prefix("BOTOCORE = "));
    let version = version.ok_or_else(|| format!("{} pins no version of botocore", script.display()))?;
    Ok(version.trim_matches('"').to_owned())
}

/// A Python of its own for that version of botocore, made once.
fn python(target: &Path, version: &str) -> Result<PathBuf, String> {
    let venv = target.join(format!("botocore-{version}"));
    let python = venv.join("bin/python");
    if !python.is_file() {
        program::answer(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    program::answer(Command::new(&python).args(install).arg(format!("botocore=={version}")))?;
    Ok(python)
}

fn print(models: &Path, services: &[String]) -> Result<(), String> {
    let wanted = |service: &&&str| services.is_empty() || services.iter().any(|name| name == **service);
    if let Some(unknown) = services.iter().find(|name| !generate::SERVICES.contains(&name.as_str())) {
        return Err(format!("{unknown} has no model; the services are {}", generate::SERVICES.join(", ")));
    }
    for service in generate::SERVICES.iter().filter(wanted) {
        let code = generate::service(models, service)?;
        println!("// {service}: tables\n{}\n// {service}: structs\n{}", code.table, code.structs);
    }
    Ok(())
}
