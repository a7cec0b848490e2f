//! What environments have on this machine, in words for the operator.
//!
//! Invariant: it is reported only after the trial, in which every step of a creation succeeded; what may be missing is named.

use super::prepare::Workshop;
use crate::environment::mounts::Swap;
use crate::protections::{Mode, Protection, Protections};
use crate::syscalls;

impl Workshop {
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
            "the runtime's tree, its place on the host hidden; code and layers; all read-only; /tmp and /dev/shm bounded",
        ));
        list.push(self.swap());
        list.push(in_force("proc", "of the environment's own processes, read-only and masked"));
        list.push(in_force(
            "view",
            "the environment's own memory and processors in /proc, and figures that stand still; sysinfo(2) shows the host's",
        ));
        list.push(self.inodes());
        list.push(in_force(
            "network",
            "of its own: loopback, and nothing else where the configuration does not say so",
        ));
        list.push(in_force("dns", "answered, or denied at once, by the platform"));
        list.extend(self.egress());
        list.push(in_force("capabilities", "none, bounding set empty, secure bits locked, no_new_privs"));
        list.extend(landlock());
        list.push(in_force(
            "seccomp",
            "allow-list, default EPERM, clone3 ENOSYS, break-ins and foreign architectures killed",
        ));
        list.push(in_force(
            "sealed-spawner",
            "the spawner runs from a sealed copy of the executable, which nobody can write",
        ));
        Protections { mode: self.mode, list }
    }

    fn cgroup_limits(&self) -> Vec<Protection> {
        let [memory, pids, cpu] = self.groups.limits.as_ref().map_or([false; 3], |found| found.limits());
        let how = self.groups.limits.as_ref().map_or_else(String::clone, |found| found.describe());
        let missing = |what: &str| match &self.groups.limits {
            Ok(found) => format!("{} offers no {what} controller here", found.describe()),
            Err(why) => format!("no cgroup can be made: {why}"),
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
        list.push(self.freezer());
        list
    }

    fn freezer(&self) -> Protection {
        let why = match &self.groups.freezer {
            Ok(place) => {
                format!("what waits for an invocation is stopped by the freezer of {}", place.describe())
            }
            Err(why) => format!(
                "what a function left running goes on between invocations, no group can be frozen: {why}"
            ),
        };
        Protection { name: "freezer".to_owned(), in_force: self.groups.freezer.is_ok(), why }
    }

    /// Only where there is to be egress.
    fn egress(&self) -> Vec<Protection> {
        let missing = |name: &str, why: &String| Protection {
            name: name.to_owned(),
            in_force: false,
            why: why.clone(),
        };
        match (&self.egress, &self.why_no_egress) {
            (Some(_), _) => vec![
                in_force(
                    "egress",
                    "IPv4, for whom the configuration names: a link and routes of its own, nftables on the host",
                ),
                in_force("network-rate", "bytes per second and connections of each environment, by nftables"),
            ],
            (None, Some(why)) => vec![missing("egress", why), missing("network-rate", why)],
            (None, None) => Vec::new(),
        }
    }

    fn identity(&self) -> Protection {
        match self.mode {
            Mode::Privileged if self.uids.is_claimed() => {
                in_force("unique-uid", "a uid and gid of the host for each living environment")
            }
            Mode::Privileged => in_force(
                "unique-uid",
                "a uid and gid of the host for each living environment; another Lambent here may give out the same ones, because /run/lambent can't be made",
            ),
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
            "code and /tmp can be swapped out where the host has swap: needs Linux 6.4 and root, or no swap or an encrypted one"
        };
        Protection { name: "no-swap".to_owned(), in_force, why: why.to_owned() }
    }

    fn inodes(&self) -> Protection {
        let in_force = self.mode == Mode::Privileged;
        let why = if in_force {
            "files of the runtime, of code and of devices are the environment's own to lock and watch"
        } else {
            "of the runtime and of code they are the environment's own; a plain user can't make devices, so that these are the host's"
        };
        Protection { name: "inodes".to_owned(), in_force, why: why.to_owned() }
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
