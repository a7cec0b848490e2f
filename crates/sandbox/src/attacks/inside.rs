//! The attacker: what runs as the function inside an environment.
//!
//! It is called with a role and what it needs to know, `NAME=VALUE` each. As `try`, it tries the attacks that it is given one
//! after the other, each in a process of its own, and prints a line for each. Invariant: it has a single thread, so that what
//! it forks may do anything, and lives on whatever happens to those.

use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{PidfdFlags, Signal, WaitOptions};

use super::reachable::be_neighbour;
use super::refusal::{Breach, NOT_TRIED, Verdict};
use super::stage::Facts;
use super::stranger::be_stranger;
use super::{Attack, Place, find};
use crate::handle::wait_readable;
use crate::syscalls;

/// What the program must be called.
pub(super) const NAME: &str = "lambent-attacker";
/// Tries attacks.
pub(super) const TRY: &str = "try";
/// Is somebody else's environment.
pub(super) const NEIGHBOUR: &str = "neighbour";
/// Is a process in an environment's namespaces that is not of the environment; outside of any sandbox.
pub(super) const STRANGER: &str = "stranger";
/// The fact that lists the attacks.
pub(super) const ATTACKS: &str = "attacks";
/// The bit of a wait status that says so.
const CORE_FILE: i32 = 0x80;
/// Longest time of one attack.
const PATIENCE: Duration = Duration::from_secs(20);

/// To be called in the second line of `main`: `Some` when this process was executed as the attacker, by a path that ends in
/// `lambent-attacker`, and must end with that code.
pub fn run_if_attacker() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let rest = match words.as_slice() {
        [program, rest @ ..] if program.rsplit('/').next() == Some(NAME) => rest,
        // As the interpreter of a script, whose path comes third.
        [program, name, _script, rest @ ..] if program == "/proc/self/exe" && name == NAME => rest,
        _ => return None,
    };
    let Some((role, facts)) = rest.split_first() else { return Some(ExitCode::from(64)) };
    Some(be(role, &Facts::parse(facts)))
}

fn be(role: &str, facts: &Facts) -> ExitCode {
    // In a sandbox without a pid namespace of its own, nothing else would end this process with the environment.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    match role {
        TRY => try_all(facts),
        NEIGHBOUR => be_neighbour(facts),
        STRANGER => be_stranger(facts),
        name => match find(name) {
            // Another part of an attack that has several.
            Some(attack) => print(attack, (attack.inside)(facts)),
            None => return ExitCode::from(64),
        },
    }
    ExitCode::SUCCESS
}

fn try_all(facts: &Facts) {
    for name in facts.get(ATTACKS).split(',') {
        if let Some(attack) = find(name) {
            try_one(attack, facts);
        }
    }
}

/// In a process of its own, which is killed when it takes too long.
fn try_one(attack: &'static Attack, facts: &Facts) {
    match syscalls::fork() {
        Err(errno) => print(attack, could_not(&errno)),
        Ok(None) => {
            print(attack, (attack.inside)(facts));
            syscalls::exit_now(0)
        }
        Ok(Some(child)) => {
            if let Err(breach) = watch(attack, child) {
                print(attack, Err(breach));
            }
        }
    }
}

/// Waits for the end. What the process said itself is said; here is what it could not say.
fn watch(attack: &Attack, child: rustix::process::Pid) -> Result<(), Breach> {
    let pidfd =
        rustix::process::pidfd_open(child, PidfdFlags::empty()).map_err(|errno| Breach(errno.to_string()))?;
    let is_late = !wait_readable(&pidfd, PATIENCE);
    if is_late {
        // ESRCH: it ended just now.
        let _ = rustix::process::kill_process(child, Signal::KILL);
        wait_readable(&pidfd, PATIENCE);
    }
    // One that not even this ends must not hold up the others.
    let ended = rustix::process::waitpid(Some(child), WaitOptions::NOHANG);
    let status = ended.ok().flatten().map(|(_, status)| status);
    if is_late {
        return Err(Breach(format!("{NOT_TRIED}: it took longer than {} seconds", PATIENCE.as_secs())));
    }
    if status.is_some_and(|status| status.as_raw() & CORE_FILE != 0) {
        return Err(Breach("the process that tried left a core file".to_owned()));
    }
    match (attack.place, status.and_then(|status| status.terminating_signal())) {
        (Place::Killed(expected), Some(signal)) if signal == expected => {
            print(attack, Ok(format!("killed by signal {signal}")));
            Ok(())
        }
        (_, None) => Ok(()),
        (_, Some(signal)) => Err(Breach(format!("the process that tried was ended by signal {signal}"))),
    }
}

fn could_not(error: &dyn std::fmt::Display) -> Verdict {
    Err(Breach(format!("{NOT_TRIED}: {error}")))
}

/// One line, in one write.
fn print(attack: &Attack, verdict: Verdict) {
    say(&super::run::line(attack.name, &verdict));
}

/// Writes a line to standard output.
pub(super) fn say(line: &str) {
    // Nobody may read it, at the end of a run.
    let _ = rustix::io::write(std::io::stdout(), format!("{line}\n").as_bytes());
}
