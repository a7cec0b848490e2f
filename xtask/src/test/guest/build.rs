//! Builds the sandbox's tests for the guest, which has no libraries: static, and without what a debugger reads.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program;
use crate::test::native::{FLAGS, TARGET};
use crate::workspace::Workspace;

/// The two programs.
pub(super) struct Tests {
    /// Real environments; it is the guest's init too.
    pub(super) environment: PathBuf,
    /// The crate's unit tests.
    pub(super) unit: PathBuf,
}

pub(super) fn tests(workspace: &Workspace, place: &Path, logs: &Path) -> Result<Tests, String> {
    let mut cargo = program::cargo(&workspace.root);
    cargo.args(["test", "--no-run", "--package", "sandbox", "--features", "weaken", "--lib"]);
    cargo.args(["--test", "environment", "--message-format", "json-render-diagnostics"]);
    cargo.args(["--target", TARGET, "--target-dir"]).arg(place.join("build"));
    cargo.env(FLAGS, "-C target-feature=+crt-static -C strip=symbols");
    let finished = program::run(&mut cargo, &logs.join("guest-build.log"))?;
    if !finished.succeeded() {
        return Err("the tests did not build; see guest-build.log".to_owned());
    }
    let built = |name: &str| {
        let found = finished.output.lines().find_map(|line| executable(line, name));
        found.ok_or_else(|| format!("cargo built no test {name}"))
    };
    Ok(Tests { environment: built("environment")?, unit: built("sandbox")? })
}

/// The test's executable, if this is the message that names it.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_it = message["target"]["name"] == name && message["profile"]["test"] == true;
    is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
}
