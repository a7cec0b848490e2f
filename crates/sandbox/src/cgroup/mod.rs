//! Resource groups: one trait over the v1 hierarchies (hybrid too) and v2.
//!
//! Invariant: a group is limited before a process joins it, and removed only after its last process is dead.

mod gauges;
mod v1;
mod v2;

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;

use crate::spec::Limits;
use crate::step::{At, Failed, Step};

pub(crate) use gauges::{GaugeKind, Gauges};
pub(crate) use v1::V1;
pub(crate) use v2::V2;

/// A place where the spawner makes one group per environment.
pub(crate) trait Hierarchy {
    /// Makes and limits the group of an environment.
    fn create(&self, id: &str, limits: &Limits) -> Result<Group, Failed>;
    /// Removes the group of an environment; EBUSY as long as a process of it is not reaped.
    fn remove(&self, id: &str) -> Result<(), Failed>;
    /// Kills and removes what a previous spawner of this name left.
    fn remove_leftovers(&self) -> Result<(), Failed>;
    /// Removes the spawner's own directories, at its end.
    fn remove_all(&self);
    /// Whether memory, processes and processor time are limited, in this order.
    fn limits(&self) -> [bool; 3];
    /// A line for the operator.
    fn describe(&self) -> String;
}

/// The group of one environment, as the spawner hands it on.
#[derive(Default)]
pub(crate) struct Group {
    /// v1: writing "0" to each of these makes the writer, if it has a single thread, a member.
    pub(crate) join: Vec<File>,
    /// v2: the directory; the first process is made as a member.
    pub(crate) clone_into: Option<OwnedFd>,
    /// Files that the platform reads.
    pub(crate) gauges: Vec<(GaugeKind, File)>,
    /// v1 only: readable when the group ran out of memory, after which the whole environment is killed. v2 kills it itself.
    pub(crate) oom_event: Option<OwnedFd>,
}

/// Finds the hierarchies of this machine and makes the spawner's place in them.
pub(crate) fn find(name: &str) -> Result<Box<dyn Hierarchy>, String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").map_err(|error| error.to_string())?;
    let own = std::fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
    let v2 = V2::find(&mounts, &own, name);
    match V1::find(&mounts, &own, name) {
        Ok(v1) => Ok(Box::new(v1)),
        Err(why_not_v1) => match v2 {
            Ok(v2) => Ok(Box::new(v2)),
            Err(why_not_v2) => Err(format!("cgroup v1: {why_not_v1}; cgroup v2: {why_not_v2}")),
        },
    }
}

/// Writes one value to one kernel file in one write, as they demand.
fn write_value(path: &Path, value: &str) -> Result<(), Failed> {
    File::options()
        .write(true)
        .open(path)
        .and_then(|mut file| file.write_all(value.as_bytes()))
        .at(Step::CgroupLimit)
}

/// Removes an empty group; one that is not there counts as removed.
fn remove_group(path: &Path) -> Result<(), Failed> {
    match std::fs::remove_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.at(Step::CgroupClean),
    }
}

/// Kills what is in the groups below `place` and removes them.
fn remove_children(place: &Path) -> Result<(), Failed> {
    let Ok(entries) = std::fs::read_dir(place) else { return Ok(()) };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        kill_members(&entry.path());
        retry_busy(|| remove_group(&entry.path()))?;
    }
    Ok(())
}

/// The same, and `place` itself.
fn remove_tree(place: &Path) -> Result<(), Failed> {
    remove_children(place)?;
    remove_group(place)
}

/// SIGKILL to every member, by the numbers that the group lists at this moment.
fn kill_members(group: &Path) {
    let members = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    for pid in members.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw)
    {
        // It may have died in between, which is what is wanted.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// Tries for at most a second while the kernel still counts dying members.
fn retry_busy(mut attempt: impl FnMut() -> Result<(), Failed>) -> Result<(), Failed> {
    for _ in 0..100 {
        match attempt() {
            Err(failed) if failed.errno == rustix::io::Errno::BUSY => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            result => return result,
        }
    }
    attempt()
}

#[cfg(test)]
mod tests;
