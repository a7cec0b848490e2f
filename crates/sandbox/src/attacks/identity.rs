//! Being somebody else, and what processes of others can be done.

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::refusal::{Verdict, name_of, refused};
use super::stage::Facts;
use super::{Attack, Group, Twin, Twins};
use crate::weaken::Layer;

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: "signal-others",
    group: Group::Identity,
    protection: "namespaces",
    what: "signal a neighbour's processes and the platform",
    twins: Twins {
        privileged: Twin::Without(&[Layer::PidNamespace]),
        rootless: Twin::None("a /proc for the host's processes can't be mounted in a user namespace"),
    },
    inside: signal_others,
    ..Attack::SHARED
}];

/// Not even that they exist can be told.
fn signal_others(facts: &Facts) -> Verdict {
    for who in ["neighbour-pid", "host-pid"] {
        let pid = i32::try_from(facts.number(who)).ok().and_then(Pid::from_raw).unwrap_or(Pid::INIT);
        refused(who, test_kill_process(pid), &[Errno::SRCH])?;
    }
    Ok(name_of(Errno::SRCH))
}
