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
const FILES: [&str; 12] = [
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
    "cmdline", // how the host was started, in places with its secrets
];

/// Directories that become empty.
const DIRECTORIES: [&str; 2] = ["acpi", "scsi"];

/// Mounts `/proc` below the root, masked, and gives it back still writable.
pub(super) fn mount(plan: &Plan, root: &OwnedFd, null: &OwnedFd) -> Result<OwnedFd, Failed> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let proc = mounts::new_mount("proc", &[], attributes).at(Step::ProcMount)?;
    verify(&proc)?;
    mounts::attach(&proc, root, "proc", Step::ProcMount)?;
    if plan.weakened.keeps(Layer::ProcMasks) {
        mask(&proc, null)?;
    }
    Ok(proc)
}

/// The last use of a writable `/proc`, and the end of it. It comes after the last mount: a detached mount counts as a mount
/// namespace, of which there may be none any more.
pub(super) fn close(plan: &Plan, proc: &OwnedFd) -> Result<(), Failed> {
    if plan.mode == Mode::Rootless {
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

fn mask(proc: &OwnedFd, null: &OwnedFd) -> Result<(), Failed> {
    for name in FILES {
        on_present(proc, name, |target| attach_on(&mounts::clone_tree(null)?, target))?;
    }
    for name in DIRECTORIES {
        on_present(proc, name, |target| attach_on(&empty_directory()?, target))?;
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
