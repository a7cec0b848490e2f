//! What the spawner does once: it leaves the platform's session, finds out what this machine allows, and tries it.
//!
//! Invariant: the protections that it reports are those of an environment that it has just made on trial.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::mount::MountPropagationFlags;
use rustix::process::{PidfdFlags, Resource, Rlimit};
use rustix::thread::{CapabilitySet, UnshareFlags};

use super::SpawnerOptions;
use super::staging::Staging;
use crate::cgroup::{self, Hierarchy};
use crate::environment::mounts::Swap;
use crate::environment::write_once;
use crate::protections::{Mode, Protection, Protections};
use crate::seccomp::Filter;
use crate::step::{At, Failed, Step};
use crate::syscalls;

/// What every creation uses.
pub(super) struct Workshop {
    pub(super) mode: Mode,
    pub(super) staging: Staging,
    pub(super) hierarchy: Option<Box<dyn Hierarchy>>,
    pub(super) filter: Arc<Filter>,
    /// This process.
    pub(super) own_pidfd: OwnedFd,
    why_no_cgroup: String,
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
    let (hierarchy, why_no_cgroup) = match cgroup::find(&options.name) {
        Ok(hierarchy) => (Some(hierarchy), String::new()),
        Err(why) => (None, why),
    };
    if let Some(hierarchy) = &hierarchy {
        hierarchy.remove_leftovers()?;
    }
    let mode = mode();
    if mode == Mode::Rootless {
        enter_user_namespace()?;
    }
    syscalls::unshare(UnshareFlags::NEWNS).at(Step::UnshareMounts)?;
    let slave = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", slave).at(Step::SlaveMounts)?;
    let staging = Staging::mount(options.staging_bytes)?;
    let filter = Arc::new(Filter::build()?);
    Ok(Workshop { mode, staging, hierarchy, filter, own_pidfd, why_no_cgroup })
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

fn mode() -> Mode {
    let needed = CapabilitySet::SYS_ADMIN
        | CapabilitySet::SETUID
        | CapabilitySet::SETGID
        | CapabilitySet::SETPCAP
        | CapabilitySet::NET_ADMIN;
    let has = rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(needed));
    if has && rustix::process::geteuid().is_root() { Mode::Privileged } else { Mode::Rootless }
}

fn enter_user_namespace() -> Result<(), Failed> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    syscalls::unshare(UnshareFlags::NEWUSER).at(Step::UnshareUser)?;
    write_once(Path::new("/proc/self/setgroups"), "deny").at(Step::WriteIdMap)?;
    write_once(Path::new("/proc/self/uid_map"), &format!("0 {uid} 1")).at(Step::WriteIdMap)?;
    write_once(Path::new("/proc/self/gid_map"), &format!("0 {gid} 1")).at(Step::WriteIdMap)
}

impl Workshop {
    /// Removes the group of an environment whose processes are gone; false when the kernel still counts some.
    pub(super) fn remove_group(&self, id: &str) -> bool {
        self.hierarchy.as_ref().is_none_or(|hierarchy| hierarchy.remove(id).is_ok())
    }

    /// Removes the spawner's groups, at its end.
    pub(super) fn remove_all(&self) {
        if let Some(hierarchy) = &self.hierarchy {
            hierarchy.remove_all();
        }
    }

    /// What environments of this workshop have, in the order in which it is put on.
    pub(super) fn protections(&self) -> Protections {
        let mut list = self.cgroup_limits();
        list.push(in_force(
            "namespaces",
            "mount, pid, network, ipc, uts and cgroup, of each environment's own",
        ));
        list.push(self.identity());
        list.push(self.groups());
        list.push(in_force(
            "root",
            "the runtime's tree, read-only; the code read-only; /tmp and /dev/shm bounded",
        ));
        list.push(self.swap());
        list.push(in_force("proc", "of the environment's own processes, read-only and masked"));
        list.push(in_force("network", "loopback only"));
        list.push(in_force("capabilities", "none, bounding set empty, secure bits locked, no_new_privs"));
        list.extend(landlock());
        list.push(in_force(
            "seccomp",
            "allow-list, default EPERM, clone3 ENOSYS, foreign architectures killed",
        ));
        Protections { mode: self.mode, list }
    }

    fn cgroup_limits(&self) -> Vec<Protection> {
        let [memory, pids, cpu] = self.hierarchy.as_ref().map_or([false; 3], |hierarchy| hierarchy.limits());
        let how =
            self.hierarchy.as_ref().map_or(self.why_no_cgroup.clone(), |hierarchy| hierarchy.describe());
        let missing = |what: &str| match &self.hierarchy {
            Some(hierarchy) => format!("{} offers no {what} controller here", hierarchy.describe()),
            None => format!("no cgroup can be made: {}", self.why_no_cgroup),
        };
        let by_cgroup = |name: &str, has, what: &str| Protection {
            name: name.to_owned(),
            in_force: has,
            why: if has { format!("{what} controller of {how}") } else { missing(what) },
        };
        let mut list = vec![by_cgroup("memory-limit", memory, "memory")];
        list.push(if pids {
            by_cgroup("process-limit", true, "pids")
        } else {
            in_force(
                "process-limit",
                "RLIMIT_NPROC, counted per uid and user namespace, which are the environment's own",
            )
        });
        list.push(by_cgroup("cpu-limit", cpu, "cpu"));
        list.push(in_force("time-limit", "SIGKILL to pid 1 of the environment's pid namespace"));
        list
    }

    fn identity(&self) -> Protection {
        match self.mode {
            Mode::Privileged => {
                in_force("unique-uid", "a uid and gid of the host for each living environment")
            }
            Mode::Rootless => Protection {
                name: "unique-uid".to_owned(),
                in_force: false,
                why: "all environments are the same user of the host, each in a user namespace of its own"
                    .to_owned(),
            },
        }
    }

    fn swap(&self) -> Protection {
        let in_force = self.staging.swap == Swap::Never;
        let why = if in_force {
            "code, /tmp and /dev/shm stay in memory"
        } else {
            "code and /tmp can reach a swap device: needs Linux 6.4 and root, or encrypted or no swap"
        };
        Protection { name: "no-swap".to_owned(), in_force, why: why.to_owned() }
    }

    fn groups(&self) -> Protection {
        let own = rustix::process::getgroups().map_or(usize::MAX, |groups| groups.len());
        let in_force = self.mode == Mode::Privileged || own == 0;
        let why =
            if in_force { "none" } else { "a plain user can't drop its groups: run as a user with none" };
        Protection { name: "supplementary-groups".to_owned(), in_force, why: why.to_owned() }
    }
}

fn landlock() -> [Protection; 2] {
    let abi = syscalls::landlock_abi();
    let scopes = abi >= 6;
    let why = if scopes {
        "signals and abstract sockets end at the domain"
    } else {
        "needs Landlock ABI 6 (Linux 6.12)"
    };
    [
        in_force("landlock", &format!("ABI {abi}")),
        Protection { name: "landlock-scopes".to_owned(), in_force: scopes, why: why.to_owned() },
    ]
}

fn in_force(name: &str, why: &str) -> Protection {
    Protection { name: name.to_owned(), in_force: true, why: why.to_owned() }
}
