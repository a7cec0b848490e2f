//! A platform that starts environments and then waits to be killed.

use std::process::ExitCode;

use crate::cases::be_platform;

pub(crate) fn run(words: &[String]) -> ExitCode {
    let [name, mark, root] = words else { return ExitCode::from(64) };
    be_platform(name, mark, root.as_ref());
    ExitCode::SUCCESS
}
