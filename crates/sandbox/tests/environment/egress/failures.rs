//! Every step of making egress, and some behind it, made to fail in the process that takes it: no interface, route, neighbour
//! or rule is left, and the next egress is what was asked for and no more.

use std::path::Path;
use std::time::Instant;

use sandbox::failpoints::{Action, Failpoint, Process, arm_start};
use sandbox::{CreateError, Egress, Step};

use super::scenarios::{allow, assert_reached, assert_refused, options, spec, tables, try_all};
use super::world;
use crate::harness::{Bench, is_whole, wait_until};
use crate::host::{PATIENCE, eventually};

/// Who takes them: each is reached, or this fails.
const STEPS: [(Process, Step); 7] = [
    (Process::Spawner, Step::EgressList),
    (Process::Spawner, Step::EgressHost),
    (Process::Spawner, Step::EgressAddress),
    (Process::First, Step::EgressNoIpv6),
    (Process::First, Step::EgressPair),
    (Process::First, Step::EgressHost),
    (Process::First, Step::EgressInside),
];
/// What is behind them, with the interfaces in place.
const BEHIND: [(Process, Step); 4] = [
    (Process::Spawner, Step::Watch),
    (Process::First, Step::EnterRoot),
    (Process::First, Step::DropCapabilities),
    (Process::First, Step::SendListeners),
];

/// What the host has of egress: interfaces, routes and neighbours.
fn host() -> Vec<String> {
    let all = ["link show\n", "route show table all\n", "neigh show nud all\n"].map(world::ip).concat();
    let name = |line: &str| line.split([' ', '@', ':']).any(is_ours);
    all.lines().filter(|line| name(line)).map(str::to_owned).collect()
}

/// As `l12345p07n00042`.
fn is_ours(word: &str) -> bool {
    word.len() == 15 && word.starts_with('l') && word.as_bytes()[6] == b'p' && word.as_bytes()[9] == b'n'
}

pub(super) fn run(root: &Path) {
    let _world = world::make();
    let name = format!("lambent-test-failing-{}", std::process::id());
    starts(&name, root);
    let mut own = Bench::with_egress(&name, root, options(1 << 30));
    let mut turn = 0;
    for (process, step) in STEPS.into_iter().chain(BEHIND) {
        for action in [Action::Error, Action::Death] {
            let is_end = process == Process::Spawner && action == Action::Death;
            if is_end && !is_whole() && step != Step::EgressAddress {
                continue;
            }
            turn += 1;
            // Each a list of its own, which the next is not to inherit.
            let list = allow(&[&format!("203.0.113.{turn}"), "192.0.2.1"]);
            fail(&own, Failpoint { step, process, action }, &list);
            if is_end {
                drop(own);
                assert!(eventually(|| host().is_empty()), "{:?}", host());
                own = Bench::with_egress(&name, root, options(1 << 30));
            }
            assert!(eventually(|| host().is_empty()), "{process:?} {step:?} {action:?}: {:?}", host());
            assert_eq!(tables(), 1);
            let ended = try_all(&own, &["10.77.0.1", "192.0.2.1"], &allow(&["10.77.0.1"]));
            assert_reached(&ended, "10.77.0.1");
            assert_refused(&ended, "192.0.2.1", &["EACCES", "TIMEOUT", "ENETUNREACH"]);
            assert!(eventually(|| host().is_empty()), "{:?}", host());
        }
    }
    drop(own);
    assert!(eventually(|| tables() == 0 && host().is_empty()), "{:?}", host());
}

/// The platform is told which step it was.
fn fail(own: &Bench, failpoint: Failpoint, list: &Egress) {
    own.spawner.arm(Some(failpoint)).expect("the spawner lives");
    match own.spawner.create(&spec(own, &["awake"], list)) {
        Err(CreateError::Step { step, source }) => {
            let canceled = source.raw_os_error() == Some(libc::ECANCELED);
            let died = failpoint.action == Action::Death && step == Step::SetupDied;
            assert!(died || (canceled && step == failpoint.step), "{failpoint:?}: {step:?}: {source}");
        }
        Err(CreateError::SpawnerGone) if failpoint.process == Process::Spawner => {
            assert!(wait_until(&own.spawner.process(), Instant::now() + PATIENCE));
        }
        other => panic!("{failpoint:?}: {:?}", other.map(|_| "an environment")),
    }
}

/// The trial at a spawner's start has egress too. Without that there is none, which is said; nothing is left either way.
fn starts(name: &str, root: &Path) {
    for (process, step) in STEPS.into_iter().filter(|(_, step)| *step != Step::EgressList) {
        arm_start(Some(Failpoint { step, process, action: Action::Error }));
        let own = Bench::with_egress(name, root, options(1 << 30));
        arm_start(None);
        let missing = own.spawner.protections().missing().find(|missing| missing.name == "egress").cloned();
        assert!(
            missing.is_some_and(|missing| missing.why.contains(&step.to_string())),
            "{process:?} {step:?}"
        );
        drop(own);
        assert!(eventually(|| tables() == 0 && host().is_empty()), "{process:?} {step:?}: {:?}", host());
    }
}
