//! cgroup v2 as a kernel has it: limits, gauges, who is a member of what, and that nothing is left.
//!
//! They need a machine with v2 alone and a group in which this process may make more; elsewhere one case says that they were not
//! tried. `cargo xtask test --guest` has such a machine.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Protection;

use super::life::first_line;
use super::{passed, result};
use crate::harness::{ALL_MEMORY, Bench, Case, TENANT, Verdict, finish};
use crate::host::{eventually, groups_named, groups_of};

/// Where platforms and spawners themselves are, beside the groups of environments.
const LEAF: &str = "lambent-platforms";
macro_rules! cases {
    ($mode:literal) => {
        if are_possible() {
            vec![
                (concat!($mode, "_cgroup_v2_takes_every_limit"), limits as _),
                (concat!($mode, "_cgroup_v2_has_the_right_members"), members as _),
                (concat!($mode, "_cgroup_v2_groups_of_two_platforms_lie_side_by_side"), neighbours as _),
                (concat!($mode, "_cgroup_v2_ends_what_runs_out_of_memory_whole"), out_of_memory as _),
                (concat!($mode, "_cgroup_v2_gauges_tell_what_is_used"), gauges as _),
                (concat!($mode, "_cgroup_v2_group_of_a_fork_bomb_goes"), fork_bomb as _),
                (concat!($mode, "_cgroup_v2_leftovers_are_killed_and_removed"), leftovers as _),
            ]
        } else {
            vec![(concat!($mode, "_cgroup_v2"), impossible as _)]
        }
    };
}

pub(crate) fn privileged() -> Vec<Case> {
    cases!("root")
}

pub(crate) fn rootless() -> Vec<Case> {
    cases!("rootless")
}

/// Whether v2 is alone here, with this process in a group whose children it may limit.
fn are_possible() -> bool {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let Some(own) = own.trim().strip_prefix("0::/") else { return false };
    let group = Path::new("/sys/fs/cgroup").join(own.trim_end_matches(LEAF));
    rustix::fs::access(group.join("cgroup.subtree_control"), rustix::fs::Access::WRITE_OK).is_ok()
}

fn impossible(_bench: &Bench) -> Verdict {
    Verdict::Skipped("it needs cgroup v2 alone, and a group of this user's".to_owned())
}

fn has_v2(bench: &Bench) -> bool {
    let is_v2 = |found: &&Protection| found.in_force && found.why.ends_with("cgroup v2");
    let limits = ["memory-limit", "process-limit", "cpu-limit"];
    bench
        .spawner
        .protections()
        .list
        .iter()
        .filter(is_v2)
        .filter(|found| limits.contains(&&*found.name))
        .count()
        == 3
}

fn read(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.trim().to_owned()
}

/// The one group of the one environment.
fn only_group(bench: &Bench) -> PathBuf {
    let groups = groups_of(&bench.name);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    group.clone()
}

/// The kernel has taken every limit as it was meant, before the first process was there.
fn limits(bench: &Bench) -> Verdict {
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let mut spec = bench.spec(&["sleep"]);
    (spec.limits.cpu_millis, spec.limits.init_cpu_millis) = (250, 250);
    let _sandbox = bench.spawner.create(&spec).expect("an environment");
    let group = only_group(bench);
    let value = |file: &str| read(&group.join(file));
    assert_eq!(value("memory.max"), (72u64 << 20).to_string());
    assert_eq!(value("memory.oom.group"), "1");
    assert_eq!(value("pids.max"), "32");
    assert_eq!(value("cpu.max"), "25000 100000");
    if group.join("memory.swap.max").exists() {
        assert_eq!(value("memory.swap.max"), "0");
    }
    let tenant = |file: &str| read(&group.join("..").join(file));
    assert_eq!(tenant("memory.max"), (ALL_MEMORY / 8 * 7).to_string());
    assert_eq!((tenant("memory.oom.group"), tenant("cpu.weight")), ("0".to_owned(), "100".to_owned()));
    let processors = std::thread::available_parallelism().expect("a number").get();
    assert_eq!(read(&group.join("../../cpu.weight")), (100 * processors).min(10_000).to_string());
    passed()
}

/// Init and runtime are members from their birth; platform and spawner are in the leaf, and nobody is between.
fn members(bench: &Bench) -> Verdict {
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let sandbox = bench.start(&["daemon", "member"]);
    assert_eq!(first_line(&sandbox), "daemon ok\n");
    let group = only_group(bench);
    assert_eq!(read(&group.join("cgroup.procs")).lines().count(), 3);
    // One more is dead and not yet reaped: what the daemon left its parent through.
    assert_eq!(read(&group.join("pids.current")), "4");
    assert!(read(&group.join("memory.current")).parse::<u64>().expect("a number") > 0);
    let tenant = group.parent().expect("the tenant's group");
    assert!(tenant.ends_with(TENANT));
    let place = tenant.parent().expect("the spawner's group");
    for group in [tenant, place] {
        assert_eq!(read(&group.join("cgroup.procs")), "");
    }
    let own = read(Path::new("/proc/self/cgroup"));
    let own = own.strip_prefix("0::").expect("a group of v2");
    let parent = place.parent().expect("a group");
    assert!(
        own.ends_with(&format!("/{LEAF}")) || parent == Path::new("/sys/fs/cgroup"),
        "{own} beside {}",
        place.display()
    );
    passed()
}

/// Another platform from the same group has its groups beside these, not below them, and leaves nothing.
fn neighbours(bench: &Bench) -> Verdict {
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let other = super::spawner::Platform::start(bench, "beside");
    let places = |name: &str| groups_named(name).into_iter().next().expect("a group of that name");
    let (mine, theirs) = (places(&bench.name), places(&other.name));
    assert_eq!(mine.parent(), theirs.parent());
    let name = other.name.clone();
    drop(other);
    assert!(eventually(|| groups_named(&name).is_empty()), "{:?}", groups_named(&name));
    assert_eq!(bench.run(&["exit", "3"]).status, Some(3 << 8));
    passed()
}

/// The whole environment ends, also what does not hold the memory, and the gauges still tell why.
fn out_of_memory(bench: &Bench) -> Verdict {
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let bystander = bench.start(&["sleep"]);
    let bomb = bench.start(&["hold-memory", "512"]);
    let ended = finish(&bomb);
    assert!(!ended.output.contains("held"), "{ended:?}");
    // init too, so that nobody is left to tell a status.
    assert_eq!(ended.status, None);
    assert!(bomb.oom_killed() && !bystander.oom_killed());
    assert!(bomb.memory().and_then(|memory| memory.peak).is_none_or(|peak| peak > 60 << 20));
    assert!(bystander.memory().is_some_and(|memory| memory.anonymous_and_kernel < 32 << 20));
    passed()
}

/// A gauge reads what was used, and its own group's alone.
fn gauges(bench: &Bench) -> Verdict {
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let small = bench.start(&["sleep"]);
    let big = bench.start(&["hold-memory", "40"]);
    let ended = finish(&big);
    assert_eq!(result(&ended, "held"), "40");
    let memory = big.memory().expect("a gauge");
    assert!(memory.peak.is_none_or(|peak| (40 << 20..72 << 20).contains(&peak)), "{memory:?}");
    assert!(!big.oom_killed());
    let memory = small.memory().expect("a gauge");
    assert!(memory.anonymous_and_kernel > 0 && memory.peak.is_none_or(|peak| peak < 40 << 20), "{memory:?}");
    passed()
}

/// A fork bomb is stopped by its group alone, and the group is gone with it.
fn fork_bomb(bench: &Bench) -> Verdict {
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let bomb = bench.start(&["fork", "200"]);
    assert!(first_line(&bomb).starts_with("born "));
    drop(bomb);
    assert!(eventually(|| groups_of(&bench.name).is_empty()), "{:?}", groups_of(&bench.name));
    passed()
}

/// A spawner that was killed leaves groups, of which one has a living process that a stranger put there: the next of the
/// name finds them, kills and removes.
#[expect(clippy::disallowed_methods, reason = "the test starts the process that is left over")]
fn leftovers(bench: &Bench) -> Verdict {
    use std::os::unix::process::ExitStatusExt;
    assert!(has_v2(bench), "{:?}", bench.spawner.protections());
    let left = groups_named(&bench.name)[0]
        .parent()
        .expect("a group")
        .join(format!("{}-v2", bench.name))
        .join("222222222222/old");
    fs::create_dir_all(&left).expect("groups of a spawner that is gone");
    let mut stray =
        std::process::Command::new("/proc/self/exe").args(["inside", "sleep"]).spawn().expect("a process");
    fs::write(left.join("cgroup.procs"), stray.id().to_string()).expect("put it there");
    let again = super::spawner::Platform::start(bench, "v2");
    assert_eq!(stray.wait().expect("its end").signal(), Some(libc::SIGKILL));
    assert!(!left.exists());
    drop(again);
    passed()
}
