//! cgroup v2: one tree.
//!
//! A group that hands controllers on may not hold processes itself, so that the platform and the spawner move into a leaf
//! beside the environments when their own group is not the root. The leaf has one name for all: platforms that are started
//! from one group, or one after another by a shell that was moved along, find each other's beside their own.
//! Invariant: a controller counts as in force only when it shows in the spawner's own group.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{GaugeKind, Group, Hierarchy, cpu, mounts, remove_group, write_value};
use crate::spec::Limits;
use crate::step::{At, Failed, Step};

/// The file of a group's weight.
const WEIGHT: &str = "cpu.weight";
/// The file of a group's quota, which is changed after the initialisation.
const QUOTA: &str = "cpu.max";
/// The group of platforms and spawners themselves, where they had to leave their own.
const LEAF: &str = "lambent-platforms";
/// How often a group that is busy is emptied.
const ROUNDS: usize = 10;
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// The spawner's directory.
#[derive(Debug)]
pub(crate) struct V2 {
    place: PathBuf,
    in_force: [bool; 3],
    /// What every group hands on to those below it, as it is written.
    handed_on: String,
}

impl V2 {
    /// Makes the spawner's directory below the platform's own group.
    pub(crate) fn find(mounts: &str, own: &str, name: &str) -> Result<Self, String> {
        Self::below(&parent(mounts, own).ok_or("it is not mounted")?, name)
    }

    /// Makes the spawner's directory below a group.
    pub(super) fn below(parent: &Path, name: &str) -> Result<Self, String> {
        let offered =
            std::fs::read_to_string(parent.join("cgroup.controllers")).map_err(|e| e.to_string())?;
        let offered: Vec<&str> =
            offered.split_whitespace().filter(|controller| CONTROLLERS.contains(controller)).collect();
        if offered.is_empty() {
            return Err("the group offers none of memory, pids and cpu".to_owned());
        }
        let wish = offered.iter().map(|controller| format!("+{controller}")).collect::<Vec<_>>().join(" ");
        hand_on(parent, &wish)?;
        let place = parent.join(name);
        make(&place)?;
        write_value(&place.join("cgroup.subtree_control"), &wish)
            .map_err(|failed| failed.errno.to_string())?;
        let in_force = CONTROLLERS.map(|controller| offered.contains(&controller));
        Ok(Self { place, in_force, handed_on: wish })
    }

    pub(super) fn limit(&self, group: &Path, limits: &Limits) -> Result<(), Failed> {
        let [memory, pids, cpu] = self.in_force;
        if memory {
            write_value(&group.join("memory.max"), &(limits.memory_bytes + limits.tmp_bytes).to_string())?;
            write_value(&group.join("memory.oom.group"), "1")?;
            if group.join("memory.swap.max").exists() {
                write_value(&group.join("memory.swap.max"), "0")?;
            }
        }
        if pids {
            write_value(&group.join("pids.max"), &limits.pids.to_string())?;
        }
        if cpu {
            let quota = cpu::quota(limits.init_cpu_millis);
            write_value(&group.join(WEIGHT), &cpu::weight(limits.cpu_millis).to_string())?;
            write_value(&group.join(QUOTA), &format!("{quota} {}", cpu::PERIOD_US))?;
            // From Linux 5.14 on.
            if group.join("cpu.max.burst").exists() {
                write_value(&group.join("cpu.max.burst"), &cpu::quota(limits.cpu_millis).to_string())?;
            }
        }
        Ok(())
    }

    pub(super) fn open(&self, path: &Path) -> Result<Group, Failed> {
        let directory = File::open(path).at(Step::CgroupOpen)?;
        let mut group = Group { clone_into: Some(directory.into()), ..Group::default() };
        let files = [
            (GaugeKind::Stat, "memory.stat"),
            (GaugeKind::Peak, "memory.peak"),
            (GaugeKind::OomKills, "memory.events"),
        ];
        for (kind, name) in files {
            match File::open(path.join(name)) {
                // `memory.peak` is from Linux 5.19 on, and all are absent without the controller.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                file => group.gauges.push((kind, file.at(Step::CgroupOpen)?)),
            }
        }
        if self.in_force[2] {
            let quota = File::options().write(true).open(path.join(QUOTA)).at(Step::CgroupOpen)?;
            group.gauges.push((GaugeKind::CpuV2, quota));
        }
        Ok(group)
    }
}

impl Hierarchy for V2 {
    fn create(&self, name: &str, limits: &Limits) -> Result<Group, Failed> {
        let path = self.place.join(name);
        std::fs::create_dir(&path).at(Step::CgroupCreate)?;
        self.limit(&path, limits).and_then(|()| self.open(&path)).inspect_err(|_| {
            // The first failure is the one to report.
            let _ = remove_group(&path);
        })
    }

    fn limit_tenant(&self, tenant: &str, memory_bytes: u64) -> Result<(), Failed> {
        let group = self.place.join(tenant);
        if self.in_force[0] {
            // Without `memory.oom.group`, as for all together.
            write_value(&group.join("memory.max"), &memory_bytes.to_string())?;
        }
        write_value(&group.join("cgroup.subtree_control"), &self.handed_on)
    }

    fn places(&self) -> Vec<&Path> {
        vec![&self.place]
    }

    fn freezer(&self) -> Option<&Path> {
        Some(&self.place)
    }

    fn limits(&self) -> [bool; 3] {
        self.in_force
    }

    fn limit_all(&self, memory_bytes: u64, processors: u32) -> Result<(), Failed> {
        let [memory, _, cpu] = self.in_force;
        // Without `memory.oom.group`: who used too much dies, with its own environment, which has it.
        if memory {
            write_value(&self.place.join("memory.max"), &memory_bytes.to_string())?;
        }
        if cpu {
            write_value(&self.place.join(WEIGHT), &cpu::weight_of_all(processors).to_string())?;
        }
        Ok(())
    }

    fn describe(&self) -> String {
        "cgroup v2".to_owned()
    }
}

/// Lets the children of a group have controllers; when processes are in the way, these go to a leaf.
fn hand_on(parent: &Path, wish: &str) -> Result<(), String> {
    let control = parent.join("cgroup.subtree_control");
    let text = |failed: Failed| format!("{}: {}", control.display(), failed.errno);
    // Members may fork while they are moved.
    for _ in 0..ROUNDS {
        match write_value(&control, wish) {
            Err(failed) if failed.errno == Errno::BUSY => empty(parent).map_err(text)?,
            result => return result.map_err(text),
        }
    }
    write_value(&control, wish).map_err(text)
}

/// Moves a group's members to its leaf.
fn empty(parent: &Path) -> Result<(), Failed> {
    let leaf = parent.join(LEAF);
    match std::fs::create_dir(&leaf) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        result => result.at(Step::CgroupCreate)?,
    }
    let members = std::fs::read_to_string(parent.join("cgroup.procs")).at(Step::CgroupOpen)?;
    for pid in members.lines() {
        match write_value(&leaf.join("cgroup.procs"), pid) {
            // It ended in between.
            Err(failed) if failed.errno == Errno::SRCH => {}
            result => result?,
        }
    }
    Ok(())
}

fn make(group: &Path) -> Result<(), String> {
    match std::fs::create_dir(group) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(format!("{}: {error}", group.display()))
        }
        _ => Ok(()),
    }
}

/// The platform's own group.
fn parent(mounts: &str, own: &str) -> Option<PathBuf> {
    let mount = mounts::point(mounts, "cgroup2", None)?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    // A platform that another started, or a shell that another moved along, is in the leaf already.
    let own = own.strip_suffix(LEAF).and_then(|own| own.strip_suffix('/')).unwrap_or(own);
    Some(mount.join(own.trim_start_matches('/')))
}

/// The spawner's directory below the platform's own group.
pub(super) fn place(mounts: &str, own: &str, name: &str) -> Option<PathBuf> {
    Some(parent(mounts, own)?.join(name))
}
