//! What the host lets a plain user do, and which cgroups it has.

use super::{Files, Setting};

/// Without it a plain user has no spawner; with it every local user reaches more of the kernel.
pub(super) fn user(files: &Files) -> Setting {
    const NAME: &str = "user-namespaces";
    let is = |path, value: &str| files.read(path).as_deref() == Some(value);
    let refused =
        is("proc/sys/kernel/unprivileged_userns_clone", "0") || is("proc/sys/user/max_user_namespaces", "0");
    if refused {
        Setting::ok(NAME, "refused to plain users: Lambent runs as root only, and functions never get any")
    } else if is("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        Setting::ok(
            NAME,
            "restricted by AppArmor: as a plain user Lambent needs a profile that allows userns",
        )
    } else {
        Setting::ok(
            NAME,
            "allowed to plain users, so that Lambent runs without root too; functions never get any",
        )
    }
}

/// The controllers that the sandbox asks for.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

pub(super) fn cgroups(files: &Files) -> Setting {
    const NAME: &str = "cgroups";
    let mounts = files.read("proc/self/mounts").unwrap_or_default();
    let of_kind = |kind: &str| -> Vec<Vec<&str>> {
        let lines = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines.filter(|fields| fields.get(2) == Some(&kind)).collect()
    };
    let (first, second) = (of_kind("cgroup"), of_kind("cgroup2"));
    let in_first = |name: &&&str| {
        first
            .iter()
            .any(|fields| fields.get(3).is_some_and(|options| options.split(',').any(|o| o == **name)))
    };
    let old: Vec<&str> = CONTROLLERS.iter().filter(in_first).copied().collect();
    let point = second.first().and_then(|fields| fields.get(1)).copied();
    let offered =
        point.and_then(|point| files.read(&format!("{point}/cgroup.controllers"))).unwrap_or_default();
    let new: Vec<&str> = offered.split_whitespace().filter(|name| CONTROLLERS.contains(name)).collect();
    match (old.is_empty(), new.is_empty(), point) {
        (true, false, _) => Setting::ok(NAME, format!("version 2 with {}", new.join(", "))),
        (false, _, Some(_)) => Setting::ok(NAME, format!("hybrid, version 1 with {}", old.join(", "))),
        (false, _, None) => Setting::ok(NAME, format!("version 1 with {}", old.join(", "))),
        (true, true, _) => Setting::note(
            NAME,
            "none with memory, pids or cpu",
            "memory and processor time can't be limited: mount cgroup2 at /sys/fs/cgroup, as every init system does",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::host;
    use super::*;

    #[test]
    fn each_switch_of_user_namespaces_is_seen() {
        let found = |files: &[(&str, &str)]| {
            let (_root, files) = host(files);
            user(&files).found
        };
        assert!(found(&[]).starts_with("allowed"));
        assert!(found(&[("proc/sys/kernel/unprivileged_userns_clone", "0\n")]).starts_with("refused"));
        assert!(found(&[("proc/sys/user/max_user_namespaces", "0\n")]).starts_with("refused"));
        assert!(
            found(&[("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")])
                .starts_with("restricted")
        );
    }

    #[test]
    fn versions_of_cgroups_are_told_apart() {
        let first = "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu,cpuacct 0 0\n";
        let second = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        let found = |files: &[(&str, &str)]| {
            let (_root, files) = host(files);
            cgroups(&files)
        };
        assert_eq!(found(&[("proc/self/mounts", first)]).found, "version 1 with memory, cpu");
        assert_eq!(
            found(&[("proc/self/mounts", &format!("{first}{second}"))]).found,
            "hybrid, version 1 with memory, cpu"
        );
        let controllers = ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
        assert_eq!(
            found(&[("proc/self/mounts", second), controllers]).found,
            "version 2 with cpu, memory, pids"
        );
        assert!(found(&[("proc/self/mounts", second)]).note.is_some());
        assert!(found(&[]).note.is_some());
    }
}
