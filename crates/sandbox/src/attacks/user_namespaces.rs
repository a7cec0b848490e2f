//! User namespaces, in which a process is root of a kernel surface that most of the kernel's holes are in.
//!
//! Invariant: an environment may be made with one, but nothing inside holds a capability in it or makes another.

use std::os::fd::AsRawFd;

use rustix::io::Errno;

use super::call::{Call, all_refused, calls, pad};
use super::refusal::{Breach, Needed, Verdict, breach, name_of, names_of, refused};
use super::stage::Facts;
use super::{Attack, Group, Twin, Twins};
use crate::syscalls;
use crate::weaken::Layer;

const FILTERED: Attack = Attack {
    group: Group::UserNamespaces,
    protection: "seccomp",
    twins: Twins::without(&[Layer::Seccomp]),
    ..Attack::SHARED
};

/// Rootless, the limits of the environment's own user namespace stand behind the filter.
const BOTH: Twins = Twins {
    privileged: Twin::Without(&[Layer::Seccomp]),
    rootless: Twin::Without(&[Layer::Seccomp, Layer::NamespaceLimits]),
};

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "user-namespace-by-unshare",
        what: "become root of a user namespace of its own",
        twins: BOTH,
        inside: |_| {
            let result = make(libc::SYS_unshare, libc::CLONE_NEWUSER);
            refused("unshare(CLONE_NEWUSER)", result, &[Errno::PERM, Errno::NOSPC]).map(name_of)
        },
        ..FILTERED
    },
    Attack {
        name: "user-namespace-by-clone",
        what: "make a child that is root of a user namespace of its own",
        twins: BOTH,
        inside: |_| {
            let result = make(libc::SYS_clone, libc::CLONE_NEWUSER | libc::SIGCHLD);
            refused("clone(CLONE_NEWUSER)", result, &[Errno::PERM, Errno::NOSPC]).map(name_of)
        },
        ..FILTERED
    },
    Attack {
        name: "packet-filter-by-user-namespace",
        what: "reach nf_tables, where most holes of user namespaces are: a user and a network namespace, then its netlink",
        inside: |_| packet_filter(),
        ..FILTERED
    },
    Attack {
        name: "new-namespaces",
        what: "make namespaces of the other kinds, with unshare and clone",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Seccomp, Layer::Capabilities]),
            rootless: Twin::Without(&[Layer::Seccomp, Layer::Capabilities, Layer::NamespaceLimits]),
        },
        inside: |_| new_namespaces(),
        ..FILTERED
    },
    Attack { name: "join-namespaces", what: "enter namespaces by setns", inside: |_| join(), ..FILTERED },
    Attack {
        name: "clone3",
        what: "make namespaces by clone3, whose flags no filter can see: it does not exist here, and threads still work",
        inside: |_| clone3(),
        ..FILTERED
    },
    Attack {
        name: "limits-of-namespaces",
        what: "make namespaces where the filter were gone: as a plain user, the kernel's own limits of them are 0",
        protection: "namespaces",
        twins: Twins {
            privileged: Twin::None("with root's privilege these limits are the host's, and are left alone"),
            rootless: Twin::Without(&[Layer::NamespaceLimits]),
        },
        inside: limits,
        ..FILTERED
    },
];

/// The kinds but that of users.
const KINDS: [(&str, i32); 6] = [
    ("mount", libc::CLONE_NEWNS),
    ("pid", libc::CLONE_NEWPID),
    ("network", libc::CLONE_NEWNET),
    ("ipc", libc::CLONE_NEWIPC),
    ("uts", libc::CLONE_NEWUTS),
    ("cgroup", libc::CLONE_NEWCGROUP),
];
const CLONE_NEWTIME: i32 = 0x80;

/// unshare or clone; the child of a clone that is let through ends at once.
fn make(number: libc::c_long, flags: i32) -> Result<libc::c_long, Errno> {
    let call = Call { name: "", number, arguments: pad(&[flags.into()]) };
    let parent = std::process::id();
    let result = call.make();
    if result == Ok(0) && std::process::id() != parent {
        syscalls::exit_now(0);
    }
    result
}

fn packet_filter() -> Verdict {
    // Goes on without them: a plain user of the host may have the family as it is.
    let namespaces = make(libc::SYS_unshare, libc::CLONE_NEWUSER | libc::CLONE_NEWNET);
    let netlink = Call {
        name: "",
        number: libc::SYS_socket,
        arguments: pad(&[libc::AF_NETLINK.into(), libc::SOCK_RAW.into(), libc::NETLINK_NETFILTER.into()]),
    };
    refused("netlink of the packet filter", netlink.make(), &[Errno::PERM])?;
    refused("both namespaces", namespaces, &[Errno::PERM, Errno::NOSPC]).map(name_of)
}

fn new_namespaces() -> Verdict {
    let mut through = Vec::new();
    let mut errors = Vec::new();
    let unshared = KINDS.into_iter().chain([("time", CLONE_NEWTIME)]);
    let unshared = unshared.map(|(kind, flag)| ("unshare", kind, make(libc::SYS_unshare, flag)));
    // For clone the flag of the time namespace is a part of the exit signal.
    let cloned =
        KINDS.into_iter().map(|(kind, flag)| ("clone", kind, make(libc::SYS_clone, flag | libc::SIGCHLD)));
    for (call, kind, result) in cloned.chain(unshared) {
        match refused(&format!("{call} of {kind}"), result, &[Errno::PERM, Errno::NOSPC]) {
            Ok(errno) => errors.push(errno),
            Err(Breach(what)) => through.push(what),
        }
    }
    if through.is_empty() { Ok(names_of(&errors)) } else { breach(through.join(", ")) }
}

fn join() -> Verdict {
    all_refused(calls! { SYS_setns(-1, 0); })?;
    let kinds = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"];
    for kind in kinds {
        // pid 1's can't even be opened, one's own can.
        let own = std::fs::File::open(format!("/proc/self/ns/{kind}")).needed("its own namespace")?;
        let call = Call { name: kind, number: libc::SYS_setns, arguments: pad(&[own.as_raw_fd().into()]) };
        refused(&format!("setns to {kind}"), call.make(), &[Errno::PERM])?;
    }
    let of_init = std::fs::File::open("/proc/1/ns/net");
    refused("opening a namespace of pid 1", of_init, &[Errno::ACCESS, Errno::PERM]).map(name_of)
}

fn clone3() -> Verdict {
    let call = Call { name: "clone3", number: libc::SYS_clone3, arguments: [0; 5] };
    let errno = refused("clone3", call.make(), &[Errno::NOSYS])?;
    let spawn = |n: u64| std::thread::Builder::new().spawn(move || n * n);
    let threads = (0..4).map(spawn).collect::<Result<Vec<_>, _>>().needed("threads without clone3")?;
    let sum: u64 = threads.into_iter().filter_map(|thread| thread.join().ok()).sum();
    if sum == 14 { Ok(format!("{}, threads work", name_of(errno))) } else { breach("threads do not work") }
}

fn limits(facts: &Facts) -> Verdict {
    if facts.get("mode") != "rootless" {
        return Ok("not needed: they are the host's".to_owned());
    }
    for kind in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"] {
        let path = format!("/proc/sys/user/max_{kind}_namespaces");
        let limit = std::fs::read_to_string(&path).needed(&path)?;
        if limit.trim() != "0" {
            return breach(format!("{path} is {}", limit.trim()));
        }
        let open = std::fs::File::options().write(true).open(&path);
        refused(&path, open, &[Errno::ROFS, Errno::ACCESS])?;
    }
    Ok("all are 0".to_owned())
}
