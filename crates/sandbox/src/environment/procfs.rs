//! `/proc`: of the environment's own pid namespace, read-only, without the entries that tell about or steer the host.
//!
//! Invariant: what is mounted is verified to be proc, and masks are put on by descriptor before any foreign code runs.

use std::os::fd::OwnedFd;

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

/// Mounts `/proc` below the root. Gives it back still writable, and with it what lies in the root below its place, where the
/// view of the machine is.
pub(super) fn mount(root: &OwnedFd) -> Result<(OwnedFd, OwnedFd), Failed> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let proc = mounts::new_mount("proc", &[], attributes).at(Step::ProcMount)?;
    verify(&proc)?;
    let view = open_beneath(root, "proc").at(Step::ProcMount)?;
    attach_on(&proc, &view).at(Step::ProcMount)?;
    Ok((proc, view))
}

/// The last use of a writable `/proc`, and the end of it: to be called when the root is `/`. It comes after the last mount: a
/// detached mount counts as a mount namespace, of which there may be none any more.
pub(super) fn close(plan: &Plan, (proc, view): &(OwnedFd, OwnedFd)) -> Result<(), Failed> {
    if plan.weakened.keeps(Layer::ProcMasks) {
        let has_view = plan.weakened.keeps(Layer::OwnInodes) && plan.weakened.keeps(Layer::ReadOnlyRoot);
        mask(proc, has_view.then_some(view))?;
    }
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
///
/// Each mask is one old-fashioned bind mount from the working directory: by descriptors it would be five calls. Names are the
/// kernel's and the spawner's own in all places, `/dev`, the view, and this `/proc`, which nobody else can reach yet.
fn mask(proc: &OwnedFd, view: Option<&OwnedFd>) -> Result<(), Failed> {
    rustix::process::chdir("/dev").at(Step::ProcMask)?;
    FILES.iter().try_for_each(|name| bind(proc, "null", name)).at(Step::ProcMask)?;
    let Some(view) = view else {
        return DIRECTORIES.iter().try_for_each(|name| hide(proc, name)).at(Step::ProcMask);
    };
    // Reached by the descriptor that was opened before `/proc` came to lie on it.
    rustix::process::fchdir(view).at(Step::ProcMask)?;
    DIRECTORIES.iter().try_for_each(|name| bind(proc, "none", name)).at(Step::ProcMask)?;
    SHOWN.iter().try_for_each(|(name, path)| bind(proc, name, path)).at(Step::ProcMask)
}

/// Binds over what is there. What the kernel was built without needs no mask.
fn bind(proc: &OwnedFd, source: &str, name: &str) -> rustix::io::Result<()> {
    match rustix::mount::mount_bind(source, format!("/proc/{name}")) {
        // Of the two, it must be the target that is missing.
        Err(Errno::NOENT) if is_absent(proc, name)? => Ok(()),
        result => result,
    }
}

fn is_absent(proc: &OwnedFd, name: &str) -> rustix::io::Result<bool> {
    match open_beneath(proc, name) {
        Err(Errno::NOENT) => Ok(true),
        found => found.map(|_| false),
    }
}

fn hide(proc: &OwnedFd, name: &str) -> rustix::io::Result<()> {
    match open_beneath(proc, name) {
        Err(Errno::NOENT) => Ok(()),
        target => attach_on(&empty_directory()?, &target?),
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
