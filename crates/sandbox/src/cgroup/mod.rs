//! Resource groups: one trait over the v1 hierarchies (hybrid too) and v2, and the freezer of either.
//!
//! ```text
//! spawner's group        all environments together: memory
//!  └ a tenant's group    its environments together: memory, and as much processor time as any other tenant's
//!     └ environment's    its own limits; among its tenant's, processor time by its share
//! ```
//! Invariant: a group is limited before a process joins it, and removed only after its last process is dead.

mod cpu;
mod freezer;
mod gauges;
mod leftovers;
mod mounts;
mod oom;
mod tenants;
mod v1;
mod v2;

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::spec::Limits;
use crate::step::{At, Failed, Step};
use crate::weaken::{Layer, Weakened};
use tenants::Tenants;

pub(crate) use cpu::CpuQuota;
pub(crate) use freezer::{Freezer, FreezerKind, FreezerPlace};
pub(crate) use gauges::{GaugeKind, Gauges};
pub(crate) use oom::OomEvent;
pub(crate) use v1::V1;
pub(crate) use v2::V2;

/// The trees of the limits, in which the spawner makes one group per environment below that of its tenant.
pub(crate) trait Hierarchy {
    /// Makes and limits the group of an environment. The name is a path: the tenant's and its own.
    fn create(&self, name: &str, limits: &Limits) -> Result<Group, Failed>;
    /// Limits a tenant's group, which was made in every place, before the first of its environments. Nothing is to be done for
    /// processor time: the kernel begins each group with the weight of all others.
    fn limit_tenant(&self, tenant: &str, memory_bytes: u64) -> Result<(), Failed>;
    /// The spawner's directories.
    fn places(&self) -> Vec<&Path>;
    /// Whether memory, processes and processor time are limited, in this order.
    fn limits(&self) -> [bool; 3];
    /// Where the groups have a freezer of their own.
    fn freezer(&self) -> Option<&Path>;
    /// Limits the memory of all environments together, and weighs them as so many processors.
    fn limit_all(&self, memory_bytes: u64, processors: u32) -> Result<(), Failed>;
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
    /// What stops it.
    pub(crate) freezer: Option<Freezer>,
    /// v1 only: readable when memory ran out, after which the whole environment is killed if it is the one. v2 kills it itself.
    pub(crate) oom_event: Option<OomEvent>,
}

/// What this machine has: each of the two, or why not.
pub(crate) struct Groups {
    pub(crate) limits: Result<Box<dyn Hierarchy>, String>,
    pub(crate) freezer: Result<FreezerPlace, String>,
    tenants: Tenants,
}

impl Groups {
    /// Finds the hierarchies of this machine, removes what an earlier spawner of this name left in them, and makes this one's
    /// place, in which all environments together may use this much memory.
    pub(crate) fn find(name: &str, memory_bytes: u64) -> Result<Self, Failed> {
        let read = |path: &str| std::fs::read_to_string(path).at(Step::CgroupFind);
        let (mounts, own) = (read("/proc/self/mounts")?, read("/proc/self/cgroup")?);
        leftovers::remove(&mounts, &own, name)?;
        let limits = limits(&mounts, &own, name);
        let processors = cpu::processors();
        limits.iter().try_for_each(|hierarchy| hierarchy.limit_all(memory_bytes, processors))?;
        let freezer = freezer(limits.as_deref().ok(), &mounts, &own, name);
        Ok(Self { limits, freezer, tenants: Tenants::of(memory_bytes) })
    }

    /// Makes the group of an environment, or the part of it that is wanted, and its tenant's before the first one.
    pub(crate) fn create(
        &mut self,
        tenant: &str,
        id: &str,
        limits: &Limits,
        weakened: Weakened,
    ) -> Result<Group, Failed> {
        let made = match self.tenants.enter(tenant, id) {
            true => self.make_tenant(tenant),
            false => Ok(()),
        };
        made.and_then(|()| self.make(&format!("{tenant}/{id}"), limits, weakened)).inspect_err(|_| {
            // The first failure is the one to report.
            let _ = self.remove(id);
        })
    }

    fn make_tenant(&self, tenant: &str) -> Result<(), Failed> {
        self.places().try_for_each(|place| std::fs::create_dir(place.join(tenant)).at(Step::CgroupCreate))?;
        let bytes = self.tenants.memory_bytes();
        self.limits.iter().try_for_each(|hierarchy| hierarchy.limit_tenant(tenant, bytes))
    }

    fn make(&self, name: &str, limits: &Limits, weakened: Weakened) -> Result<Group, Failed> {
        let hierarchy = self.limits.as_ref().ok().filter(|_| weakened.keeps(Layer::Cgroup));
        let mut group = hierarchy.map_or_else(|| Ok(Group::default()), |found| found.create(name, limits))?;
        if let Ok(place) = &self.freezer
            && weakened.keeps(Layer::Freezer)
            && (hierarchy.is_some() || !place.is_shared)
        {
            place.add(name, &mut group)?;
        }
        Ok(group)
    }

    /// Removes the group of an environment, and its tenant's with the last; EBUSY as long as a process of it is not reaped.
    pub(crate) fn remove(&mut self, id: &str) -> Result<(), Failed> {
        let Some((tenant, is_last)) = self.tenants.find(id) else { return Ok(()) };
        let name = format!("{tenant}/{id}");
        self.places().try_for_each(|place| remove_group(&place.join(&name)))?;
        if is_last {
            self.places().try_for_each(|place| remove_group(&place.join(tenant)))?;
        }
        self.tenants.leave(id);
        Ok(())
    }

    /// Removes the spawner's own directories, at its end.
    pub(crate) fn remove_all(&self) {
        // There is nobody left to tell; the next start of this name cleans up.
        let places: Vec<&Path> = self.places().collect();
        let _ = leftovers::remove_places(&places, self.freezer.as_ref().ok());
    }

    fn places(&self) -> impl Iterator<Item = &Path> {
        let own = self.freezer.iter().filter(|place| !place.is_shared).map(|place| place.path.as_path());
        self.limits.iter().flat_map(|hierarchy| hierarchy.places()).chain(own)
    }
}

fn limits(mounts: &str, own: &str, name: &str) -> Result<Box<dyn Hierarchy>, String> {
    let v1 = match V1::find(mounts, own, name) {
        Ok(v1) if v1.limits()[0] => return Ok(Box::new(v1)),
        other => other,
    };
    // A hybrid machine may have the memory controller in either.
    match (v1, V2::find(mounts, own, name)) {
        (Ok(v1), Ok(v2)) if !v2.limits()[0] => Ok(keep(v1, &v2)),
        (Ok(v1), Ok(v2)) => Ok(keep(v2, &v1)),
        (Err(_), Ok(v2)) => Ok(Box::new(v2)),
        (Ok(v1), Err(_)) => Ok(Box::new(v1)),
        (Err(why_not_v1), Err(why_not_v2)) => {
            Err(format!("cgroup v1: {why_not_v1}; cgroup v2: {why_not_v2}"))
        }
    }
}

/// Of two the one, without the other's directories.
fn keep(one: impl Hierarchy + 'static, other: &impl Hierarchy) -> Box<dyn Hierarchy> {
    // Empty directories that nobody uses are no reason not to start.
    let _ = leftovers::remove_places(&other.places(), None);
    Box::new(one)
}

/// v2 first, whose frozen processes can be killed.
fn freezer(
    limits: Option<&dyn Hierarchy>,
    mounts: &str,
    own: &str,
    name: &str,
) -> Result<FreezerPlace, String> {
    if let Some(shared) = limits.and_then(|hierarchy| hierarchy.freezer()) {
        return FreezerPlace::find(FreezerKind::V2, shared.to_owned(), true);
    }
    let place = |kind, path: Option<PathBuf>| match path {
        Some(path) => FreezerPlace::find(kind, path, false),
        None => Err("it is not mounted".to_owned()),
    };
    place(FreezerKind::V2, v2::place(mounts, own, name)).or_else(|why_not_v2| {
        place(FreezerKind::V1, v1::place(mounts, own, "freezer", name))
            .map_err(|why_not_v1| format!("cgroup v2: {why_not_v2}; cgroup v1: {why_not_v1}"))
    })
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

#[cfg(test)]
mod tests;
