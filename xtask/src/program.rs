//! Runs one program, its output kept in a file, and tells how it ended and how long it took.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a program ended.
pub(crate) struct Finished {
    /// Exit status, `None` when a signal ended it.
    pub(crate) status: Option<i32>,
    /// Standard output and standard error, as they came.
    pub(crate) output: String,
    pub(crate) took: Duration,
}

impl Finished {
    pub(crate) fn succeeded(&self) -> bool {
        self.status == Some(0)
    }
}

/// Runs `command` to its end with both output streams in `log`.
pub(crate) fn run(command: &mut Command, log: &Path) -> Result<Finished, String> {
    let started = Instant::now();
    let file = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let copy = file.try_clone().map_err(|error| error.to_string())?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(copy)
        .status()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let output = fs::read(log).map_err(|error| error.to_string())?;
    Ok(Finished {
        status: status.code(),
        output: String::from_utf8_lossy(&output).into_owned(),
        took: started.elapsed(),
    })
}

/// Standard output of a short command that must succeed.
pub(crate) fn answer(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The cargo that runs this tool, in the workspace's root.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Where a program lies on the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Whether this process may install system packages.
pub(crate) fn is_root() -> bool {
    answer(Command::new("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}
