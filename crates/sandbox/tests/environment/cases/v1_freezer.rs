//! The freezer of cgroup v1, also on machines where that of v2 is taken: in a mount namespace from which v2 is gone.
//!
//! Invariant: the first of its cases says which freezer is in force, so that the others are about this one.

use std::process::{Command, ExitCode};

use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};

use super::{failpoints, frozen, life, passed, spawner};
use crate::harness::{self, Bench, Case, Verdict};

/// What `main` is given for the half without v2.
pub(crate) const WORD: &str = "without-v2";

/// The half, in a process of its own.
#[expect(clippy::disallowed_methods, reason = "the test starts itself again, in mounts of its own")]
pub(crate) fn half(_bench: &Bench) -> Verdict {
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    let is_freezer = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        fields[2] == "cgroup" && fields[3].split(',').any(|option| option == "freezer")
    };
    if !mounts.lines().any(is_freezer) {
        return Verdict::Skipped("this machine has no freezer of cgroup v1".to_owned());
    }
    let ended = Command::new("/proc/self/exe").args([WORD, "--conclude"]).output().expect("start it");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    passed()
}

/// The half's process.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    // SAFETY: only unsharing the descriptor table could break the ownership of descriptors.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNS) }
        .expect("mounts of its own");
    let flags = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", flags).expect("what is unmounted here stays elsewhere");
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        if fields[2] == "cgroup2" {
            unmount(fields[1], UnmountFlags::DETACH).expect("unmount it");
        }
    }
    let cases: Vec<Case> = vec![
        ("root_the_freezer_is_v1s", is_in_force),
        ("root_what_is_frozen_makes_no_progress", frozen::no_progress),
        ("root_timers_expire_while_it_is_frozen", frozen::timers),
        ("root_what_is_frozen_is_killed_with_its_daemons", frozen::killed),
        ("root_what_is_frozen_hears_sigterm", frozen::terminated),
        ("root_daemons_die_with_the_environment", life::daemons),
        ("root_leftovers_are_removed_at_the_next_start", spawner::leftovers),
        ("root_failures_inside_leave_nothing_at_any_step", failpoints::inside),
    ];
    harness::run_half("root", cases, arguments)
}

fn is_in_force(bench: &Bench) -> Verdict {
    let freezer = bench.spawner.protections().list.iter().find(|one| one.name == "freezer");
    let freezer = freezer.expect("it is listed");
    assert!(freezer.in_force && freezer.why.contains("cgroup v1"), "{}", freezer.why);
    passed()
}
