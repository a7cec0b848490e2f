//! Egress of environments, in a world of the test's own: what it leads to and what not, with each layer and without.
//!
//! Each scenario is a process of its own, because its network namespace is the host's of the spawner that it starts.

#[cfg(feature = "failpoints")]
mod failures;
mod scenarios;
mod world;

use std::path::Path;
use std::process::{Command, ExitCode};

pub(crate) use world::be as be_the_world;

use crate::harness::{Bench, Verdict};

/// Runs a scenario, as a case of the suite.
#[expect(clippy::disallowed_methods, reason = "the test starts itself again, in a network of its own")]
pub(crate) fn scenario(bench: &Bench, name: &str) -> Verdict {
    for program in ["ip", "nft"] {
        if Command::new(program).arg("-V").output().is_err() {
            return Verdict::Skipped(format!("there is no program {program}"));
        }
    }
    let ended =
        Command::new("/proc/self/exe").args(["egress", name]).arg(&bench.root).output().expect("start it");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    for line in said.lines().filter(|line| line.starts_with("COST ")) {
        println!("{line}");
    }
    Verdict::Passed
}

/// The scenario's process.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let [name, root] = words else { return ExitCode::from(64) };
    let root = Path::new(root);
    match name.as_str() {
        "internet" => scenarios::internet(root),
        "list" => scenarios::list(root),
        "neighbours" => scenarios::neighbours(root),
        "rate" => scenarios::rate(root),
        "spoof" => scenarios::spoof(root),
        "source-routes" => scenarios::source_routes(root),
        "connections" => scenarios::connections(root),
        "orphans" => scenarios::orphans(root),
        "leftovers" => scenarios::leftovers(root),
        "refusals" => scenarios::refusals(root),
        #[cfg(feature = "failpoints")]
        "failures" => failures::run(root),
        "cost" => scenarios::cost(root),
        #[cfg(feature = "weaken")]
        "weak" => scenarios::weak(root),
        _ => return ExitCode::from(64),
    }
    ExitCode::SUCCESS
}
