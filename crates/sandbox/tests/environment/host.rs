//! What the host shows of environments from outside: their processes and their groups.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for processes or groups to go.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn eventually(is_so: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

pub(crate) fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill it");
}

pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Living processes of the host that have this among their arguments.
pub(crate) fn processes_with(mark: &str) -> Vec<i32> {
    let has_mark = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())
    };
    let entries = std::fs::read_dir("/proc").expect("read /proc");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(has_mark).filter(|pid| is_alive(*pid)).collect()
}

/// Directories of this name in every cgroup tree.
pub(crate) fn groups_named(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            // Controllers that share a tree are links to it.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name() == name {
                    found.push(entry.path());
                }
                open.push(entry.path());
            }
        }
    }
    found
}

/// The groups of environments below a spawner's directories, and those of tenants that have none.
pub(crate) fn groups_of(name: &str) -> Vec<PathBuf> {
    let tenants = groups_named(name).into_iter().flat_map(|place| below(&place));
    let own = |tenant: PathBuf| match below(&tenant) {
        empty if empty.is_empty() => vec![tenant],
        groups => groups,
    };
    tenants.flat_map(own).collect()
}

fn below(group: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(group).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
