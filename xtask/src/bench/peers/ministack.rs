//! ministack: an emulator of many services in one Python process, functions in child processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Serving;
use crate::bench::connection::{Connection, text};
use crate::bench::deploy;
use crate::program;
use crate::server::{Server, free_address};

pub(in crate::bench) const PACKAGE: &str = "ministack==1.5.33";

/// Its program, in a virtual environment of its own.
pub(in crate::bench) fn prepare(python: &Path, dir: &Path) -> Result<PathBuf, String> {
    let folder = dir.join("ministack");
    let (stamp, binary) = (folder.join("installed.txt"), folder.join("bin/ministack"));
    if fs::read_to_string(&stamp).is_ok_and(|present| present == PACKAGE) {
        return Ok(binary);
    }
    println!("installing {PACKAGE}");
    program::answer(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    program::answer(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]))?;
    fs::write(&stamp, PACKAGE).map_err(text)?;
    Ok(binary)
}

/// Starts it and deploys the function as it is deployed to us.
pub(in crate::bench) async fn start(
    binary: &Path,
    zip: &str,
    runtime: &str,
    event: &'static str,
    log: &Path,
) -> Result<Serving, String> {
    let address = free_address()?;
    let mut command = Command::new(binary);
    command.env("GATEWAY_PORT", address.port().to_string()).env("MINISTACK_HOST", "127.0.0.1");
    // Where it unpacks functions; ended by a signal, it leaves them there.
    let scratch = log.with_extension("scratch");
    drop(fs::remove_dir_all(&scratch));
    fs::create_dir_all(&scratch).map_err(text)?;
    command.env("LOG_LEVEL", "WARNING").env("TMPDIR", &scratch);
    let server = Server::start(command, address, log)?;
    let mut connection = Connection::open(address).await?;
    deploy::function(&mut connection, "python", runtime, "app.handler", zip).await?;
    Ok(Serving { server, call: deploy::invocation("python", event) })
}
