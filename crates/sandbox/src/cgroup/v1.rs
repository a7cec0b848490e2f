//! cgroup v1: one tree per controller, as on older and on hybrid machines.
//!
//! Invariant: memory, pids and cpu are used as found; a controller that is not there or not writable is not in force, and
//! [`Hierarchy::limits`] says so.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{GaugeKind, Group, Hierarchy, OomEvent, cpu, mounts, remove_group, write_value};
use crate::spec::Limits;
use crate::step::{At, Failed, Step};

/// The spawner's directory in each controller's tree.
#[derive(Debug)]
pub(crate) struct V1 {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    cpu: Option<PathBuf>,
}

impl V1 {
    /// Makes the spawner's directories below the platform's own groups.
    pub(crate) fn find(mounts: &str, own: &str, name: &str) -> Result<Self, String> {
        let place = |controller: &str| -> Result<PathBuf, String> {
            let place = place(mounts, own, controller, name)
                .ok_or(format!("no {controller} controller is mounted"))?;
            std::fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
            Ok(place)
        };
        let memory = place("memory");
        let found =
            Self { pids: place("pids").ok(), cpu: place("cpu").ok(), memory: memory.as_ref().ok().cloned() };
        match memory {
            Err(why) if found.own_places().next().is_none() => Err(why),
            _ => Ok(found),
        }
    }

    fn own_places(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.memory, &self.pids, &self.cpu].into_iter().flatten()
    }

    fn fill(&self, name: &str, limits: &Limits, group: &mut Group) -> Result<(), Failed> {
        if let Some(place) = &self.memory {
            limit_memory(&place.join(name), limits.memory_bytes + limits.tmp_bytes)?;
            open_gauges(&place.join(name), group)?;
            group.oom_event = Some(OomEvent::of(&place.join(name))?);
        }
        if let Some(place) = &self.pids {
            write_value(&place.join(name).join("pids.max"), &limits.pids.to_string())?;
        }
        if let Some(place) = &self.cpu {
            limit_cpu(&place.join(name), limits)?;
            let quota =
                File::options().write(true).open(place.join(name).join(QUOTA)).at(Step::CgroupOpen)?;
            group.gauges.push((GaugeKind::CpuV1, quota));
        }
        for place in self.own_places() {
            // A thread that moves itself alone needs no lock over all processes of the machine, which `cgroup.procs` takes and
            // which can cost milliseconds. The first process of an environment has one thread.
            let tasks = place.join(name).join("tasks");
            group.join.push(File::options().write(true).open(tasks).at(Step::CgroupOpen)?);
        }
        Ok(())
    }
}

impl Hierarchy for V1 {
    fn create(&self, name: &str, limits: &Limits) -> Result<Group, Failed> {
        let mut group = Group::default();
        self.own_places()
            .try_for_each(|place| std::fs::create_dir(place.join(name)).at(Step::CgroupCreate))
            .and_then(|()| self.fill(name, limits, &mut group))
            .inspect_err(|_| {
                // The first failure is the one to report.
                let _ = self.own_places().try_for_each(|place| remove_group(&place.join(name)));
            })?;
        Ok(group)
    }

    fn limit_tenant(&self, tenant: &str, memory_bytes: u64) -> Result<(), Failed> {
        // Swap needs no limit of its own here: no environment below may use any.
        let write =
            |place: &PathBuf| write_value(&place.join(tenant).join(MEMORY), &memory_bytes.to_string());
        self.memory.iter().try_for_each(write)
    }

    fn places(&self) -> Vec<&Path> {
        self.own_places().map(PathBuf::as_path).collect()
    }

    fn freezer(&self) -> Option<&Path> {
        // It is a controller like the others, in a tree of its own.
        None
    }

    fn limits(&self) -> [bool; 3] {
        [self.memory.is_some(), self.pids.is_some(), self.cpu.is_some()]
    }

    fn limit_all(&self, memory_bytes: u64, processors: u32) -> Result<(), Failed> {
        self.memory.as_ref().map_or(Ok(()), |place| limit_memory(place, memory_bytes))?;
        let weight = cpu::shares_of_all(processors).to_string();
        self.cpu.as_ref().map_or(Ok(()), |place| write_value(&place.join(SHARES), &weight))
    }

    fn describe(&self) -> String {
        "cgroup v1".to_owned()
    }
}

const MEMORY: &str = "memory.limit_in_bytes";

fn limit_memory(group: &Path, bytes: u64) -> Result<(), Failed> {
    let total = bytes.to_string();
    write_value(&group.join(MEMORY), &total)?;
    // Both are absent on kernels without swap accounting, and then there is nothing to limit here.
    for (file, value) in [("memory.memsw.limit_in_bytes", total.as_str()), ("memory.swappiness", "0")] {
        if group.join(file).exists() {
            write_value(&group.join(file), value)?;
        }
    }
    Ok(())
}

/// The file of a group's weight.
const SHARES: &str = "cpu.shares";
/// The file of a group's quota, which is changed after the initialisation.
const QUOTA: &str = "cpu.cfs_quota_us";

fn limit_cpu(group: &Path, limits: &Limits) -> Result<(), Failed> {
    write_value(&group.join(SHARES), &cpu::shares(limits.cpu_millis).to_string())?;
    write_value(&group.join("cpu.cfs_period_us"), &cpu::PERIOD_US.to_string())?;
    write_value(&group.join(QUOTA), &cpu::quota(limits.init_cpu_millis).to_string())?;
    // From Linux 5.14 on.
    let burst = group.join("cpu.cfs_burst_us");
    if burst.exists() { write_value(&burst, &cpu::quota(limits.cpu_millis).to_string()) } else { Ok(()) }
}

fn open_gauges(group: &Path, into: &mut Group) -> Result<(), Failed> {
    let files = [
        (GaugeKind::Stat, "memory.stat"),
        (GaugeKind::Kernel, "memory.kmem.usage_in_bytes"),
        (GaugeKind::Peak, "memory.max_usage_in_bytes"),
        (GaugeKind::OomKills, "memory.oom_control"),
    ];
    for (kind, name) in files {
        match File::open(group.join(name)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            file => into.gauges.push((kind, file.at(Step::CgroupOpen)?)),
        }
    }
    Ok(())
}

/// The spawner's directory in a controller's tree, below the platform's own group.
pub(super) fn place(mounts: &str, own: &str, controller: &str, name: &str) -> Option<PathBuf> {
    let mount = mounts::point(mounts, "cgroup", Some(controller))?;
    let own = own_group(own, controller).unwrap_or("/");
    Some(mount.join(own.trim_start_matches('/')).join(name))
}

/// The group that this process is in, by `/proc/self/cgroup` (`4:memory:/path`).
fn own_group<'a>(own: &'a str, controller: &str) -> Option<&'a str> {
    own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        controllers.split(',').any(|one| one == controller).then_some(path)
    })
}
