//! The files that are written, against a directory tree in the place of the kernel's.

use std::fs;
use std::path::Path;

use super::{GaugeKind, Hierarchy, V1, V2};
use crate::spec::Limits;

const LIMITS: Limits = Limits {
    memory_bytes: 128 << 20,
    tmp_bytes: 512 << 20,
    tmp_inodes: 1000,
    pids: 77,
    cpu_millis: 500,
    init_cpu_millis: 1000,
    open_files: 1024,
};

/// A group that offers these controllers, with the files that the kernel would make in it and below it.
fn v2_tree(root: &Path, controllers: &str) -> V2 {
    fs::write(root.join("cgroup.controllers"), controllers).expect("write");
    fs::write(root.join("cgroup.subtree_control"), "").expect("write");
    fs::create_dir(root.join("spawner")).expect("make");
    fs::write(root.join("spawner/cgroup.subtree_control"), "").expect("write");
    V2::below(root, "spawner").expect("a hierarchy")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn v2_hands_on_what_is_offered_and_of_use() {
    let root = tempfile::tempdir().expect("a directory");
    let hierarchy = v2_tree(root.path(), "cpuset cpu io memory pids\n");
    assert_eq!(hierarchy.limits(), [true, true, true]);
    assert_eq!(read(&root.path().join("cgroup.subtree_control")), "+cpu +memory +pids");
    assert_eq!(read(&root.path().join("spawner/cgroup.subtree_control")), "+cpu +memory +pids");
}

#[test]
fn v2_in_its_own_leaf_goes_back_to_the_parent() {
    let root = tempfile::tempdir().expect("a directory");
    let _first = v2_tree(root.path(), "pids");
    let mounts = format!("cgroup2 {} cgroup2 rw 0 0\n", root.path().display());
    let again = V2::find(&mounts, "0::/lambent-platforms\n", "spawner").expect("a hierarchy");
    assert_eq!(again.limits(), [false, true, false]);
}

#[test]
fn v2_says_which_limits_are_missing() {
    let root = tempfile::tempdir().expect("a directory");
    assert_eq!(v2_tree(root.path(), "pids").limits(), [false, true, false]);
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("cgroup.controllers"), "io\n").expect("write");
    assert!(V2::below(root.path(), "spawner").is_err());
}

#[test]
fn v2_writes_every_limit_before_anyone_joins() {
    let root = tempfile::tempdir().expect("a directory");
    let hierarchy = v2_tree(root.path(), "cpu memory pids");
    let group = root.path().join("spawner/one");
    fs::create_dir(&group).expect("make");
    let files = [
        "memory.max",
        "memory.swap.max",
        "memory.oom.group",
        "pids.max",
        "cpu.max",
        "cpu.weight",
        "cpu.max.burst",
    ];
    for file in files.into_iter().chain(["memory.stat", "memory.peak", "memory.events"]) {
        fs::write(group.join(file), "").expect("write");
    }
    hierarchy.limit(&group, &LIMITS).expect("limits");
    assert_eq!(read(&group.join("memory.max")), (640u64 << 20).to_string());
    assert_eq!(read(&group.join("memory.swap.max")), "0");
    assert_eq!(read(&group.join("memory.oom.group")), "1");
    assert_eq!(read(&group.join("pids.max")), "77");
    assert_eq!(read(&group.join("cpu.max")), "100000 100000");
    assert_eq!(read(&group.join("cpu.weight")), "50");
    assert_eq!(read(&group.join("cpu.max.burst")), "50000");
    let opened = hierarchy.open(&group).expect("a group");
    assert!(opened.clone_into.is_some() && opened.join.is_empty());
    let kinds: Vec<_> = opened.gauges.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [GaugeKind::Stat, GaugeKind::Peak, GaugeKind::OomKills, GaugeKind::CpuV2]);
}

#[test]
fn v2_bounds_and_weighs_all_environments_together() {
    let root = tempfile::tempdir().expect("a directory");
    let hierarchy = v2_tree(root.path(), "cpu memory");
    for file in ["memory.max", "cpu.weight"] {
        fs::write(root.path().join("spawner").join(file), "").expect("write");
    }
    hierarchy.limit_all(5 << 30, 4).expect("limits");
    assert_eq!(read(&root.path().join("spawner/memory.max")), (5u64 << 30).to_string());
    assert_eq!(read(&root.path().join("spawner/cpu.weight")), "400");
    // Without the controller there is no such file, and nothing to weigh.
    let root = tempfile::tempdir().expect("a directory");
    v2_tree(root.path(), "pids").limit_all(5 << 30, 4).expect("nothing to do");
}

#[test]
fn v2_without_its_files_fails_and_leaves_nothing() {
    let root = tempfile::tempdir().expect("a directory");
    let hierarchy = v2_tree(root.path(), "memory");
    // A plain directory has no memory.max, as a group whose controller was taken away has none.
    assert!(hierarchy.create("one", &LIMITS).is_err());
    assert!(!root.path().join("spawner/one").exists());
}

#[test]
fn v1_finds_controllers_in_the_table_of_mounts() {
    let root = tempfile::tempdir().expect("a directory");
    let place = root.path().display();
    let mounts = format!(
        "proc /proc proc rw 0 0\n\
         cgroup {place}/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n\
         cgroup {place}/memory cgroup rw,relatime,memory 0 0\n\
         cgroup2 {place}/unified cgroup2 rw 0 0\n"
    );
    let own = "5:memory:/system/lambent\n4:cpu,cpuacct:/\n0::/\n";
    let hierarchy = V1::find(&mounts, own, "spawner").expect("a hierarchy");
    assert_eq!(hierarchy.limits(), [true, false, true]);
    assert!(root.path().join("memory/system/lambent/spawner").is_dir());
    assert!(root.path().join("cpu,cpuacct/spawner").is_dir());
    let files = ["memory/system/lambent/spawner/memory.limit_in_bytes", "cpu,cpuacct/spawner/cpu.shares"];
    let files = files.map(|file| root.path().join(file));
    files.iter().for_each(|file| fs::write(file, "").expect("write"));
    hierarchy.limit_all(5 << 30, 4).expect("limits");
    assert_eq!(files.each_ref().map(|file| read(file)), ["5368709120", "4096"]);
    files.iter().for_each(|file| fs::remove_file(file).expect("remove"));
    super::leftovers::remove(&mounts, own, "spawner").expect("nothing is in the way");
    assert!(!root.path().join("memory/system/lambent/spawner").exists());
}

#[test]
fn v1_is_not_found_where_there_is_only_v2() {
    assert!(V1::find("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "0::/\n", "spawner").is_err());
}
