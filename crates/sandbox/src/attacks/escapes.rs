//! Ways out that other sandboxes had, and ways to end what holds one.

use std::time::Duration;

use super::refusal::Verdict;
use super::{Attack, Group, Place, Twins};

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: "kill-init",
    group: Group::Escapes,
    protection: "namespaces",
    what: "kill, stop or crash pid 1 of the environment",
    twins: Twins::none("the kernel shields pid 1 of every pid namespace from signals that come from inside"),
    inside: |_| kill_init(),
    place: Place::Alone,
    ..Attack::SHARED
}];

/// That this process still can say so is the proof: it would die with pid 1.
fn kill_init() -> Verdict {
    for signal in [libc::SIGKILL, libc::SIGSTOP, libc::SIGINT, libc::SIGHUP, libc::SIGSEGV] {
        // SAFETY: kill touches no memory.
        unsafe { libc::kill(1, signal) };
    }
    std::thread::sleep(Duration::from_millis(50));
    Ok("it lives".to_owned())
}
