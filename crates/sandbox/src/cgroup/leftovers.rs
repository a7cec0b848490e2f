//! What a previous spawner of this name left in the cgroup trees, of whichever version, is killed and removed.
//!
//! Invariant: everything is killed before anything is removed, and what was frozen is let die: a group of one tree is busy as
//! long as a process is alive that another tree keeps frozen.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{FreezerKind, FreezerPlace, remove_group, v1, v2};
use crate::step::{Failed, Step};

/// The trees of v1 in which a spawner may have groups.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "freezer"];

/// Looks where a spawner of this name has its directories, whatever an earlier one used of them.
pub(super) fn remove(mounts: &str, own: &str, name: &str) -> Result<(), Failed> {
    let v1 = |controller| v1::place(mounts, own, controller, name);
    let places: Vec<PathBuf> =
        CONTROLLERS.into_iter().filter_map(v1).chain(v2::place(mounts, own, name)).collect();
    let places: Vec<&Path> = places.iter().map(PathBuf::as_path).filter(|place| place.is_dir()).collect();
    let freezer = v1("freezer").map(|path| FreezerPlace { kind: FreezerKind::V1, path, is_shared: false });
    match remove_places(&places, freezer.as_ref()) {
        // Another user's: nothing there is ours to end, and nothing of ours will be put there.
        Err(Failed { errno: Errno::ACCESS | Errno::PERM | Errno::ROFS, .. }) => Ok(()),
        result => result,
    }
}

/// Removes the spawner's directories with all that is in them.
pub(super) fn remove_places(places: &[&Path], freezer: Option<&FreezerPlace>) -> Result<(), Failed> {
    let groups: Vec<PathBuf> = places.iter().flat_map(|place| below(place)).collect();
    retry_busy(|| {
        groups.iter().for_each(|group| kill_members(group));
        if let Some(freezer) = freezer {
            below(&freezer.path).iter().for_each(|group| freezer.let_die(group));
        }
        groups.iter().try_for_each(|group| remove_group(group))
    })?;
    places.iter().try_for_each(|place| remove_group(place))
}

/// The groups of environments and of their tenants, each before the one that it is in. Nothing is deeper: a spawner makes no
/// other, and nobody inside can make any.
fn below(place: &Path) -> Vec<PathBuf> {
    let with_own = |group: PathBuf| children(&group).into_iter().chain([group]);
    children(place).into_iter().flat_map(with_own).collect()
}

fn children(place: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// SIGKILL to every member: on v2 from Linux 5.14 on by the kernel, at one moment; otherwise by the numbers that the group
/// lists, of which a member that forks can be ahead until it is done again.
fn kill_members(group: &Path) {
    let kill = File::options().write(true).open(group.join("cgroup.kill"));
    if kill.and_then(|mut kill| kill.write_all(b"1")).is_ok() {
        return;
    }
    let members = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    for pid in members.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw)
    {
        // It may have died in between, which is what is wanted.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// Tries for some seconds while the kernel still counts dying members: a thousand environments take it one.
fn retry_busy(mut attempt: impl FnMut() -> Result<(), Failed>) -> Result<(), Failed> {
    for _ in 0..300 {
        match attempt() {
            Err(Failed { step: Step::CgroupClean, errno: Errno::BUSY }) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            result => return result,
        }
    }
    attempt()
}
