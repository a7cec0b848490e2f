//! The Python bootstrap's own tests, run by each interpreter that this machine has.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it starts interpreters, and says where this machine has none"
)]

use std::path::Path;
use std::process::Command;
use worker::runtimes::Runtimes;

#[test]
fn the_python_bootstrap_passes_its_tests() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtimes/python/tests");
    let mut ran = 0;
    for candidate in Runtimes::discover() {
        let name = candidate.name.as_str();
        if !name.starts_with("python") {
            continue;
        }
        let output = Command::new(candidate.prefix.join("bin").join(name))
            .args(["-B", "-m", "unittest", "discover", "-s"])
            .arg(&tests)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    if ran == 0 {
        eprintln!("SKIPPED the_python_bootstrap_passes_its_tests: no python3.N on this machine");
    }
}
