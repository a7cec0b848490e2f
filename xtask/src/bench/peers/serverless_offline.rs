//! serverless-offline: an emulator for developers, node in worker threads of one process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Serving, npm};
use crate::bench::connection::{Call, text};
use crate::server::{Server, free_address};

/// The last pair that starts without an account at its maker.
pub(in crate::bench) const PACKAGES: &[&str] = &["serverless@3.40.0", "serverless-offline@13.10.1"];

const CONFIGURATION: &str = "service: bench\nframeworkVersion: \"3\"\nprovider:\n  name: aws\n  runtime: nodejs20.x\n\
    plugins:\n  - serverless-offline\nfunctions:\n  echo:\n    handler: app.handler\n";

/// The folder of its project, with the function in it.
pub(in crate::bench) fn prepare(dir: &Path, function: &str) -> Result<PathBuf, String> {
    let folder = npm::installed(dir, "serverless-offline", PACKAGES)?;
    fs::write(folder.join("serverless.yml"), CONFIGURATION).map_err(text)?;
    fs::write(folder.join("app.js"), function).map_err(text)?;
    Ok(folder)
}

pub(in crate::bench) fn start(folder: &Path, event: &'static str) -> Result<Serving, String> {
    let (lambda, http) = (free_address()?, free_address()?);
    let mut command = Command::new(folder.join("node_modules/.bin/serverless"));
    command.current_dir(folder).args(["offline", "start", "--host", "127.0.0.1", "--lambdaPort"]);
    command.arg(lambda.port().to_string()).arg("--httpPort").arg(http.port().to_string());
    command.env("SLS_TELEMETRY_DISABLED", "1").env("SLS_NOTIFICATIONS_MODE", "off").env("CI", "1");
    let server = Server::start(command, lambda, &folder.join("output.log"))?;
    Ok(Serving { server, call: Call::unsigned("bench-dev-echo", event) })
}
