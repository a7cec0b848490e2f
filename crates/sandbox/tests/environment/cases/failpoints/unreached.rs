//! The steps that no process takes in a half of the suite, each with its reason, and that there are no others.

use std::collections::BTreeSet;

use sandbox::Step;

/// Steps that no process takes here, with the reason; `R` for root's mode only, `P` for the plain user's, `B` for both.
const NOWHERE: [(char, Step, &str); 25] = [
    ('B', Step::EgressHost, NO_EGRESS),
    ('B', Step::EgressAddress, NO_EGRESS),
    ('B', Step::EgressNoIpv6, NO_EGRESS),
    ('B', Step::EgressPair, NO_EGRESS),
    ('B', Step::EgressInside, NO_EGRESS),
    ('B', Step::EgressList, NO_EGRESS),
    ('P', Step::ClaimUids, "a plain user has no range of uids to claim"),
    ('P', Step::CgroupClean, "a plain user can make no cgroup here"),
    ('B', Step::CloneRoot, "only where a test leaves the overlay of the root out"),
    ('B', Step::ProtectCode, "only where a test leaves the overlay of the code out"),
    ('B', Step::CloneLayer, "only where a test leaves the overlay of the layers out"),
    ('B', Step::SetupDied, "what the spawner says of a first process that died, and no step that it takes"),
    ('B', Step::ExecSpawner, "behind it there is another program"),
    ('B', Step::ExecRuntime, "behind it there is another program"),
    ('R', Step::UnshareUser, "root needs no user namespace"),
    ('R', Step::WriteIdMap, "root needs no user namespace"),
    (
        'R',
        Step::NoMoreNamespaces,
        "root's environments are kept from them by their filter and by having no capability",
    ),
    ('P', Step::CgroupCreate, "a plain user can make no cgroup here"),
    ('P', Step::CgroupLimit, "a plain user can make no cgroup here"),
    ('P', Step::CgroupJoin, "a plain user can make no cgroup here"),
    ('P', Step::MakeNursery, OWN_NETWORK),
    ('P', Step::MakeNetwork, OWN_NETWORK),
    ('P', Step::HandNetwork, OWN_NETWORK),
    ('P', Step::EnterNetwork, OWN_NETWORK),
    ('P', Step::SetGroups, "a plain user can't drop its groups"),
];

const OWN_NETWORK: &str = "a plain user's environment is born into a network namespace of its own";
const NO_EGRESS: &str = "only with egress, which these cases' spawners do not offer, but that of `root_egress_that_fails_leaves_nothing`";

/// Every step was made to fail, or has its reason.
pub(super) fn assert_complete(reached: &BTreeSet<String>, half: char) {
    let excused = |step: &Step| {
        NOWHERE.iter().find(|(mode, other, _)| other == step && (*mode == 'B' || *mode == half))
    };
    let missing: Vec<_> = Step::all().iter().filter(|step| !reached.contains(&format!("{step:?}"))).collect();
    for step in &missing {
        if let Some((_, _, why)) = excused(step) {
            println!("failpoints, {half}: {step:?} is not reached: {why}");
        }
    }
    let unexcused: Vec<_> = missing.into_iter().filter(|step| excused(step).is_none()).collect();
    assert!(unexcused.is_empty(), "{half}: {unexcused:?}");
    let idle: Vec<_> = Step::all()
        .iter()
        .filter(|step| reached.contains(&format!("{step:?}")) && excused(step).is_some())
        .collect();
    assert!(idle.is_empty(), "{half}: reached after all: {idle:?}");
}
