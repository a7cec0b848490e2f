//! `/proc`: of the environment's own pid namespace, read-only, without the entries that tell about or steer the host.
//!
//! Invariant: what is mounted is verified to be proc, and masks are put on by descriptor before any foreign code runs.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use super::mounts::{self, attach_on, open_beneath};
use super::{Plan, user_namespace};
use crate::protections::Mode;
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::Layer;

/// Files that become `/dev/null`.
const FILES: [&str; 29] = [
    "sysrq-trigger", // reboots the host
    "kcore",         // the kernel's memory
    "kallsyms",      // its addresses
    "kmsg",          // its log
    "keys",          // key rings of others
    "key-users",
    "timer_list", // addresses, and what others do
    "sched_debug",
    "latency_stats",
    "interrupts", // when somebody types or packets come
    "softirqs",
    "cmdline",   // how the host was started, in places with its secrets
    "diskstats", // from here on: what others do, or how much there is of the host
    "vmstat",
    "zoneinfo",
    "buddyinfo",
    "schedstat",
    "partitions",
    "swaps",
    "cgroups",
    "locks",   // open file descriptions have no pid, so that theirs are everybody's
    "crypto",  // how often each is in use
    "modules", // likewise
    "sys/fs/aio-nr",
    "sys/fs/inode-state",
    "sys/kernel/pty/nr",
    "sys/fs/file-nr",
    "sys/fs/inode-nr",
    "sys/fs/dentry-state",
];

/// Directories that become empty.
const DIRECTORIES: [&str; 6] = ["acpi", "scsi", "pressure", "irq", "fs", "sys/fs/quota"];

/// Files that show the environment instead of the host, by their names in its view.
const SHOWN: [(&str, &str); 6] = [
    ("meminfo", "meminfo"),
    ("cpuinfo", "cpuinfo"),
    ("stat", "stat"),
    ("loadavg", "loadavg"),
    ("uptime", "uptime"),
    ("boot_id", "sys/kernel/random/boot_id"),
];

/// Mounts `/proc` below the root, masked, and gives it back still writable.
pub(super) fn mount(plan: &Plan, root: &OwnedFd, null: &OwnedFd) -> Result<OwnedFd, Failed> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let proc = mounts::new_mount("proc", &[], attributes).at(Step::ProcMount)?;
    verify(&proc)?;
    let view = open_beneath(root, "proc").at(Step::ProcMount)?;
    attach_on(&proc, &view).at(Step::ProcMount)?;
    if plan.weakened.keeps(Layer::ProcMasks) {
        let has_view = plan.weakened.keeps(Layer::OwnInodes) && plan.weakened.keeps(Layer::ReadOnlyRoot);
        mask(&proc, null, has_view.then_some(&view))?;
    }
    Ok(proc)
}

/// The last use of a writable `/proc`, and the end of it. It comes after the last mount: a detached mount counts as a mount
/// namespace, of which there may be none any more.
pub(super) fn close(plan: &Plan, proc: &OwnedFd) -> Result<(), Failed> {
    if plan.mode == Mode::Rootless && plan.weakened.keeps(Layer::NamespaceLimits) {
        user_namespace::forbid_more(proc)?;
    }
    if plan.weakened.keeps(Layer::ProcMasks) {
        // Nothing in /proc is for writing here: Landlock would refuse it too.
        syscalls::mount_setattr(proc, libc::MOUNT_ATTR_RDONLY).at(Step::ProcReadOnly)?;
    }
    Ok(())
}

fn verify(proc: &OwnedFd) -> Result<(), Failed> {
    let kind = rustix::fs::fstatfs(proc).at(Step::ProcVerify)?.f_type;
    if kind == rustix::fs::PROC_SUPER_MAGIC { Ok(()) } else { Err(Errno::NODEV).at(Step::ProcVerify) }
}

/// A test's sandbox may have no view, and then makes its empty directories itself.
fn mask(proc: &OwnedFd, null: &OwnedFd, view: Option<&OwnedFd>) -> Result<(), Failed> {
    for name in FILES {
        on_present(proc, name, |target| attach_on(&mounts::clone_tree(null)?, target))?;
    }
    for name in DIRECTORIES {
        on_present(proc, name, |target| match view {
            Some(view) => attach_on(&mounts::clone_tree(open_beneath(view, "none")?)?, target),
            None => attach_on(&empty_directory()?, target),
        })?;
    }
    view.map_or(Ok(()), |view| show(proc, view))
}

/// Binds what lies in the root below the place of `/proc` over the kernel's files. It is reached by the descriptor that was
/// opened before `/proc` came to lie on it.
fn show(proc: &OwnedFd, view: &OwnedFd) -> Result<(), Failed> {
    for (name, path) in SHOWN {
        on_present(proc, path, |target| attach_on(&mounts::clone_tree(open_beneath(view, name)?)?, target))?;
    }
    Ok(())
}

/// What the kernel was built without needs no mask.
fn on_present(
    proc: impl AsFd,
    name: &str,
    cover: impl FnOnce(&OwnedFd) -> rustix::io::Result<()>,
) -> Result<(), Failed> {
    match open_beneath(proc, name) {
        Err(Errno::NOENT) => Ok(()),
        target => target.and_then(|target| cover(&target)).at(Step::ProcMask),
    }
}

fn empty_directory() -> rustix::io::Result<OwnedFd> {
    let options = [("size", "4k"), ("nr_inodes", "1"), ("mode", "0555")];
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    mounts::new_mount("tmpfs", &options, attributes)
}
