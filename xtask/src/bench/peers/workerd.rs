//! workerd: one process that runs JavaScript in isolates with an interface of its own, and no sandbox around it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Serving, npm};
use crate::bench::connection::{Call, text};
use crate::server::{Server, free_address};

pub(in crate::bench) const PACKAGES: &[&str] = &["workerd@1.20261117.1"];

const BINARY: &str = if cfg!(target_arch = "aarch64") {
    "node_modules/@cloudflare/workerd-linux-arm64/bin/workerd"
} else {
    "node_modules/@cloudflare/workerd-linux-64/bin/workerd"
};

/// The same as the other functions do: reads the event as JSON and writes it.
const WORKER: &str = "export default {\n  async fetch(request) {\n    const event = await request.json();\n    \
    return new Response(JSON.stringify(event), { headers: { \"content-type\": \"application/json\" } });\n  },\n};\n";

/// The folder with its binary and the worker.
pub(in crate::bench) fn prepare(dir: &Path) -> Result<PathBuf, String> {
    let folder = npm::installed(dir, "workerd", PACKAGES)?;
    fs::write(folder.join("worker.js"), WORKER).map_err(text)?;
    Ok(folder)
}

pub(in crate::bench) fn start(folder: &Path, event: &'static str) -> Result<Serving, String> {
    let address = free_address()?;
    let configuration = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\nconst config :Workerd.Config = (\n  services = [(name = \
         \"main\", worker = .worker)],\n  sockets = [(name = \"http\", address = \"{address}\", http = (), service = \
         \"main\")],\n);\nconst worker :Workerd.Worker = (modules = [(name = \"worker.js\", esModule = embed \
         \"worker.js\")], compatibilityDate = \"2024-09-02\");\n"
    );
    fs::write(folder.join("config.capnp"), configuration).map_err(text)?;
    let mut command = Command::new(folder.join(BINARY));
    command.current_dir(folder).args(["serve", "config.capnp"]);
    let server = Server::start(command, address, &folder.join("output.log"))?;
    Ok(Serving { server, call: Call::unsigned("function", event) })
}
