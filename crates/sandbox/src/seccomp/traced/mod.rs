//! What programs really call: broad workloads, run under the filter and traced, call by call.
//!
//! The workloads run outside of an environment, with the environment's filter on them, because the runtimes of the machine are
//! there. Invariant: a workload sees what a function sees: refusals and ENOSYS; the tracer changes nothing.

mod tracer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::list::{self, Need};
use super::tests::{ALLOW, filter, verdict_of};

/// Workload, its interpreter, and its file.
const WORKLOADS: [(&str, &str, &str); 4] = [
    ("python", "/usr/bin/python3", "workload.py"),
    ("node", "/usr/bin/node", "workload.js"),
    ("native", "/bin/sh", "workload.sh"),
    ("java", "/usr/bin/java", "Workload.java"),
];

/// Calls that programs try, and do without when they are refused.
const REFUSED: [(i64, &str); 1] = [(libc::SYS_clone3, "ENOSYS: the C library then uses clone")];

#[test]
fn what_workloads_use_is_allowed() {
    let mut seen: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    let mut traced = Vec::new();
    let own = filter();
    for (name, interpreter, file) in WORKLOADS {
        if !Path::new(interpreter).exists() {
            eprintln!("SKIPPED the {name} workload: there is no {interpreter}");
            continue;
        }
        let place = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/seccomp/traced")).join(file);
        let calls = tracer::trace(interpreter, &place, filter());
        let mut missing = BTreeSet::new();
        for (number, arguments) in calls.made {
            if verdict_of(&own, number, arguments) == ALLOW {
                seen.entry(number).or_default().insert(name);
            } else {
                missing.insert(number);
            }
        }
        missing.retain(|number| !REFUSED.iter().any(|(call, _)| *call == i64::from(*number)));
        assert!(missing.is_empty(), "{name} makes refused calls: {missing:?}; it said {}", calls.output);
        assert!(calls.output.trim_end().ends_with("done"), "{name} under the filter: {}", calls.output);
        traced.push(name);
    }
    report(&seen);
    let unseen = unseen(&traced, &seen);
    assert!(unseen.is_empty(), "listed for a workload that does not make it: {unseen:?}");
}

/// What the list says was seen, and no workload of those that were traced made: it is either gone from them, or was never there.
fn unseen(traced: &[&str], seen: &BTreeMap<u32, BTreeSet<&str>>) -> Vec<String> {
    let is_missing = |number: i64| u32::try_from(number).is_ok_and(|number| !seen.contains_key(&number));
    let claims = list::entries().filter_map(|entry| match entry.need {
        Need::Seen(workloads) if is_missing(entry.number) => Some((entry.name, workloads)),
        _ => None,
    });
    // A workload that can't run here may be the one that makes it.
    let claims = claims.filter(|(_, workloads)| workloads.split(' ').all(|name| traced.contains(&name)));
    claims.map(|(name, workloads)| format!("{name} (listed as seen in {workloads})")).collect()
}

/// The negative control: a workload that makes nothing leaves every entry that is claimed of it alone unseen.
#[test]
fn a_claim_that_nothing_bears_out_is_found() {
    let all: Vec<&str> = WORKLOADS.iter().map(|(name, ..)| *name).collect();
    let claims = list::entries().filter(|entry| matches!(entry.need, Need::Seen(_)));
    assert_eq!(unseen(&all, &BTreeMap::new()).len(), claims.count());
    assert!(unseen(&[], &BTreeMap::new()).is_empty());
}

/// For whoever keeps the list: what was seen though the list doesn't say so, and what rests on documents alone.
#[expect(clippy::print_stderr, reason = "what a test has to say to its reader")]
fn report(seen: &BTreeMap<u32, BTreeSet<&str>>) {
    for entry in list::entries() {
        let by = u32::try_from(entry.number).ok().and_then(|number| seen.get(&number));
        match (entry.need, by) {
            (Need::Documented(why), None) => eprintln!("not seen: {} ({why})", entry.name),
            (Need::Documented(_), Some(by)) => eprintln!("seen after all: {} in {by:?}", entry.name),
            (Need::Seen(workloads), Some(by))
                if by.iter().any(|name| !workloads.split(' ').any(|word| word == *name)) =>
            {
                eprintln!("seen by more: {} in {by:?}", entry.name);
            }
            _ => {}
        }
    }
}
