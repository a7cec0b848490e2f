//! What the spawner does once: it leaves the platform's session and prepares what every creation uses.
//!
//! Invariant: nothing of this shows on the host but the cgroups: user and mount namespace are the spawner's own.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::mount::MountPropagationFlags;
use rustix::process::{PidfdFlags, Resource, Rlimit};
use rustix::thread::{CapabilitySet, UnshareFlags};

use super::SpawnerOptions;
use super::egress::{Address, HostEgress};
use super::nursery::Nursery;
use super::staging::Staging;
use super::uids::Uids;
use crate::cgroup::Groups;
use crate::environment::write_once;
use crate::protections::Mode;
use crate::seccomp::Filter;
use crate::step::{At, Failed, Step};
use crate::syscalls;

/// What every creation uses.
pub(super) struct Workshop {
    pub(super) mode: Mode,
    pub(super) uids: Uids,
    pub(super) staging: Staging,
    pub(super) groups: Groups,
    pub(super) filter: Arc<Filter>,
    /// Where network namespaces are made: root's mode only, elsewhere an environment makes its own.
    pub(super) nursery: Option<Nursery>,
    /// This process.
    pub(super) own_pidfd: OwnedFd,
    /// The host's side of environments' egress.
    pub(super) egress: Option<HostEgress>,
    /// For the report, when there is to be egress and is none.
    pub(super) why_no_egress: Option<String>,
}

/// Why not.
pub(super) enum Unready {
    Failed(Failed),
    Unprotected(String),
}

impl From<Failed> for Unready {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Prepares this process. It must have a single thread.
pub(super) fn workshop(options: &SpawnerOptions) -> Result<Workshop, Unready> {
    if syscalls::landlock_abi() < 1 {
        return Err(Unready::Unprotected("the kernel has no Landlock, or has it switched off".to_owned()));
    }
    leave_session()?;
    let own_pidfd = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty());
    let own_pidfd = own_pidfd.at(Step::WatchPlatform)?;
    // The groups are made with the user's own credentials, before there is another user namespace.
    let groups = Groups::find(&options.name, options.memory_bytes)?;
    match enter_namespaces(options) {
        Ok(Place { mode, uids, staging, nursery, filter }) => {
            let (egress, why_no_egress) = (None, None);
            Ok(Workshop { mode, uids, staging, groups, filter, nursery, own_pidfd, egress, why_no_egress })
        }
        Err(failed) => {
            groups.remove_all();
            Err(failed.into())
        }
    }
}

/// Where this process is, and what it has there.
struct Place {
    mode: Mode,
    uids: Uids,
    staging: Staging,
    nursery: Option<Nursery>,
    filter: Arc<Filter>,
}

fn enter_namespaces(options: &SpawnerOptions) -> Result<Place, Failed> {
    let (mode, uids) = identities(options)?;
    if mode == Mode::Rootless {
        enter_user_namespace()?;
    }
    let nursery = (mode == Mode::Privileged).then(Nursery::open).transpose()?;
    syscalls::unshare(UnshareFlags::NEWNS).at(Step::UnshareMounts)?;
    let slave = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", slave).at(Step::SlaveMounts)?;
    let staging = Staging::mount(options.staging_bytes)?;
    Ok(Place { mode, uids, staging, nursery, filter: Arc::new(Filter::build()?) })
}

/// Signals that a terminal or a service manager sends to every process of the platform.
const IGNORED: [libc::c_int; 5] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE];

/// A terminal's or a service manager's signals go to the platform, which ends in good order; the spawner ends with it.
fn leave_session() -> Result<(), Failed> {
    rustix::process::setsid().at(Step::NewSession)?;
    for signal in IGNORED {
        syscalls::ignore_signal(signal).at(Step::Signals)?;
    }
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    // Only a name in process lists.
    let _ = rustix::thread::set_name(c"lambent-spawner");
    let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard }).at(Step::SetLimits)
}

/// Root of a user namespace that lacks the range of uids, as in many containers, is no more than a plain user here.
fn identities(options: &SpawnerOptions) -> Result<(Mode, Uids), Failed> {
    let needed = CapabilitySet::SYS_ADMIN
        | CapabilitySet::SETUID
        | CapabilitySet::SETGID
        | CapabilitySet::SETPCAP
        | CapabilitySet::NET_ADMIN;
    let has = rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(needed));
    let maps = ["/proc/self/uid_map", "/proc/self/gid_map"]
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let fits = |base| maps.iter().all(|map| covers(map, base, options.uid_count));
    if has && rustix::process::geteuid().is_root() && fits(options.uid_base) {
        Ok((Mode::Privileged, Uids::claim(options.uid_base, options.uid_count, fits)?))
    } else {
        Ok((Mode::Rootless, Uids::unclaimed(options.uid_base)))
    }
}

/// Whether one line of an id map (`inside outside count`) has the whole range.
fn covers(map: &str, base: u32, count: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [inside, _outside, length] = numbers[..] else { return false };
        let (base, count) = (u64::from(base), u64::from(count));
        inside <= base && base + count <= inside + length
    })
}

fn enter_user_namespace() -> Result<(), Failed> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    syscalls::unshare(UnshareFlags::NEWUSER).at(Step::UnshareUser)?;
    write_once(Path::new("/proc/self/setgroups"), "deny").at(Step::WriteIdMap)?;
    write_once(Path::new("/proc/self/uid_map"), &format!("0 {uid} 1")).at(Step::WriteIdMap)?;
    write_once(Path::new("/proc/self/gid_map"), &format!("0 {gid} 1")).at(Step::WriteIdMap)
}

impl Workshop {
    /// Makes egress possible, or learns why it is not. Comes after the trial of everything else.
    pub(super) fn open_egress(&mut self, options: &SpawnerOptions) {
        match (&options.egress, self.mode) {
            (Some(_), Mode::Rootless) => {
                self.why_no_egress = Some("egress of environments needs root".to_owned());
            }
            (Some(egress), Mode::Privileged) => match HostEgress::open(&options.name, egress) {
                Ok(egress) => self.egress = Some(egress),
                Err(why) => self.why_no_egress = Some(why),
            },
            (None, Mode::Privileged) => HostEgress::remove_leftovers(&options.name),
            (None, Mode::Rootless) => {}
        }
    }

    /// There is to be no egress after all.
    pub(super) fn close_egress(&mut self, why: String) {
        if let Some(egress) = self.egress.take() {
            egress.close();
            self.why_no_egress = Some(why);
        }
    }

    /// The address of an environment that has ended, if it had one.
    pub(super) fn give_back(&mut self, address: Option<Address>) {
        if let (Some(egress), Some(address)) = (&mut self.egress, address) {
            egress.give_back(address);
        }
    }

    /// Removes the group of an environment whose processes are gone; false when the kernel still counts some.
    pub(super) fn remove_group(&mut self, id: &str) -> bool {
        self.groups.remove(id).is_ok()
    }

    /// Removes the spawner's groups and its firewall, at its end.
    pub(super) fn remove_all(&self) {
        self.groups.remove_all();
        if let Some(egress) = &self.egress {
            egress.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_range_has_to_be_in_one_line_of_the_map() {
        assert!(covers("         0          0 4294967295\n", 900_000, 1000));
        assert!(covers("0 1000 1\n1 100000 65536\n", 60_000, 5_000));
        assert!(!covers("0 1000 1\n1 100000 65536\n", 60_000, 6_000));
        assert!(!covers("0 1000 1\n", 900_000, 1));
        assert!(!covers("", 1000, 1));
    }
}
