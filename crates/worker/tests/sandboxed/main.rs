//! Environments in the real sandbox, from the code package to the log.
//!
//! This has a `main` of its own, because the spawner must be started before the first thread. The same executable is the
//! spawner and the runtime inside. Invariant: a test that can't run on a machine says `SKIPPED` and why.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with a main of its own is not recognised as one, but may do what tests may"
)]

mod cases;
mod channel;
mod frozen;
mod harness;
mod inside;
mod node;
mod python;
mod root;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = sandbox::run_if_spawner() {
        return code;
    }
    match std::env::args().nth(1).as_deref() {
        Some("inside") => inside::run(),
        Some("measure") => harness::measure(),
        _ => harness::run(&std::env::args().skip(1).collect::<Vec<_>>()),
    }
}
