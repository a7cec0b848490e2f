//! Real environments: what holds inside them, and that each layer is what holds it.
//!
//! This has a `main` of its own, because the spawner must be started before the first thread. The same executable is the
//! spawner, the program that runs inside the environments, the platform that is killed, and, started again as a plain user,
//! the rootless half of the suite. Invariant: a test that can't run on a machine says `SKIPPED` and why.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test harness and a program that report by printing"
)]

mod cases;
mod egress;
mod guest;
mod harness;
mod host;
mod inside;
mod platform;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = sandbox::run_if_spawner() {
        return code;
    }
    if let Some(code) = sandbox::attacks::run_if_attacker() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().collect();
    if guest::is_init() {
        return guest::run();
    }
    match arguments.get(1).map(String::as_str) {
        Some("inside") => inside::run(&arguments[2..]),
        Some("egress") => egress::run(&arguments[2..]),
        Some("world") => egress::be_the_world(),
        Some("platform") => platform::run(&arguments[2..]),
        Some("in-group") => guest::enter_group(&arguments[2..]),
        Some("privileged") => harness::run_half("root", cases::privileged(), &arguments[2..]),
        Some(cases::WITHOUT_V2) => cases::run_without_v2(&arguments[2..]),
        Some("rootless") => harness::run_half("rootless", cases::rootless(), &arguments[2..]),
        _ => harness::run(&arguments[1..]),
    }
}
