//! What the tests need besides Rust: a Python environment with the clients of AWS, pinned, Debian's AWS CLI 2, and the
//! JavaScript SDK.
//!
//! Whatever is there already is used as it is, whoever owns it; nothing is installed twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::javascript;
use super::tally::Tally;
use crate::program;
use crate::workspace::Workspace;

/// The file in the Python environment that says what was installed there: a copy of the requirements.
const STAMP: &str = "installed.txt";

/// Paths of the clients, where they could be had.
pub(super) struct Environment {
    /// An interpreter with boto3, the AWS CLI 1, awslambdaric and pytest.
    pub(super) python: Option<PathBuf>,
    /// `aws` of version 2.
    pub(super) aws_version_2: Option<PathBuf>,
    /// The packages of the JavaScript SDK.
    pub(super) node_modules: Option<PathBuf>,
}

impl Environment {
    /// For tests that need no client.
    pub(super) fn none() -> Self {
        Self { python: None, aws_version_2: None, node_modules: None }
    }

    /// Installs what is missing and may be installed; the rest is counted as not run.
    pub(super) fn prepare(workspace: &Workspace, logs: &Path, tally: &mut Tally) -> Self {
        let python = match python(workspace, logs) {
            Ok(python) => Some(python),
            Err(why) => {
                tally.skip("Python environment", &why);
                None
            }
        };
        let aws_version_2 = match aws_version_2(logs) {
            Ok(aws) => Some(aws),
            Err(why) => {
                tally.skip("AWS CLI 2", &why);
                None
            }
        };
        let node_modules = match javascript::install(workspace, logs) {
            Ok(modules) => Some(modules),
            Err(why) => {
                tally.skip("JavaScript SDK", &why);
                None
            }
        };
        Self { python, aws_version_2, node_modules }
    }
}

/// The interpreter of a virtual environment that holds exactly what tests/requirements.txt pins.
pub(crate) fn python(workspace: &Workspace, logs: &Path) -> Result<PathBuf, String> {
    let wanted =
        fs::read(workspace.root.join("tests/requirements.txt")).map_err(|error| error.to_string())?;
    let dir = workspace.target.join("test-env");
    let interpreter = dir.join("bin/python");
    if fs::read(dir.join(STAMP)).is_ok_and(|present| present == wanted) {
        return Ok(interpreter);
    }
    println!("installing the Python environment of the tests in {}", dir.display());
    create(&dir, logs)?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(workspace.root.join("tests/requirements.txt"));
    must_succeed(&mut pip, &logs.join("pip.log"))?;
    fs::write(dir.join(STAMP), wanted).map_err(|error| error.to_string())?;
    Ok(interpreter)
}

/// A new virtual environment; Debian keeps what that needs in a package of its own.
fn create(dir: &Path, logs: &Path) -> Result<(), String> {
    let log = logs.join("venv.log");
    let venv = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(dir);
        command
    };
    let Err(why) = must_succeed(&mut venv(), &log) else { return Ok(()) };
    install_package("python3-venv", logs).map_err(|also| format!("{why}; {also}"))?;
    must_succeed(&mut venv(), &log)
}

/// Debian's AWS CLI, which is version 2; the Python registry has version 1 only.
fn aws_version_2(logs: &Path) -> Result<PathBuf, String> {
    let present = || {
        let candidates = [PathBuf::from("/usr/bin/aws"), PathBuf::from("/usr/local/bin/aws")];
        candidates.into_iter().chain(program::find("aws")).find(|path| is_version_2(path))
    };
    if let Some(aws) = present() {
        return Ok(aws);
    }
    install_package("awscli", logs)?;
    present().ok_or_else(|| "the package awscli of this system is not version 2".to_owned())
}

fn is_version_2(aws: &Path) -> bool {
    aws.is_file()
        && program::answer(Command::new(aws).arg("--version"))
            .is_ok_and(|text| text.starts_with("aws-cli/2."))
}

/// Installs a package of the system, where that is possible.
pub(super) fn install_package(name: &str, logs: &Path) -> Result<(), String> {
    if program::find("apt-get").is_none() {
        return Err(format!("{name} is not installed, and this system has no apt-get"));
    }
    if !program::is_root() {
        return Err(format!(
            "{name} is not installed, and only root may install it (apt-get install {name})"
        ));
    }
    println!("installing the package {name}");
    let log = logs.join(format!("{name}.log"));
    must_succeed(Command::new("apt-get").args(["update", "-qq"]), &log)?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", "--no-install-recommends", name]);
    must_succeed(&mut install, &log)
}

fn must_succeed(command: &mut Command, log: &Path) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let finished = program::run(command, log)?;
    let last = finished.output.lines().last().unwrap_or_default();
    if finished.succeeded() { Ok(()) } else { Err(format!("{name} failed: {last}")) }
}
