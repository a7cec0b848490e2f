//! `/dev`: five devices, the links to one's own descriptors, and `shm`.
//!
//! They are made where this process may make devices, and bound from the host's where not.
//! Invariant: only devices whose numbers are the kernel's documented ones are bound, whatever the host calls by their names.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, CWD, FileType, Mode as FileMode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, OpenTreeFlags};

use super::mounts::{self, attach_on, open_beneath};
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// Name and minor number; the major number of all is 1.
const NODES: [(&str, u32); 5] = [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)];

const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Mounts `/dev` below the root.
pub(super) fn mount(root: &OwnedFd, weakened: Weakened) -> Result<(), Failed> {
    if !weakened.keeps(Layer::Devices) {
        return mount_the_hosts(root);
    }
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let options = [("size", "64k"), ("nr_inodes", "32"), ("mode", "0755")];
    let dev = mounts::new_mount("tmpfs", &options, attributes).at(Step::DevMount)?;
    let own = weakened.keeps(Layer::OwnInodes) && make_nodes(&dev)?;
    for (name, target) in LINKS {
        rustix::fs::symlinkat(target, &dev, name).at(Step::DevLink)?;
    }
    rustix::fs::mkdirat(&dev, "shm", FileMode::from_raw_mode(0o755)).at(Step::DevMount)?;
    mounts::attach(&dev, root, "dev", Step::DevMount)?;
    if !own {
        NODES.iter().try_for_each(|(name, minor)| bind(&dev, name, *minor)).at(Step::DevNode)?;
    }
    syscalls::mount_setattr(&dev, libc::MOUNT_ATTR_RDONLY).at(Step::DevReadOnly)
}

/// Without the layer: what the host has.
fn mount_the_hosts(root: &OwnedFd) -> Result<(), Failed> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let dev = rustix::mount::open_tree(CWD, "/dev", flags).at(Step::DevMount)?;
    mounts::attach(&dev, root, "dev", Step::DevMount)
}

/// Makes the devices, each an inode of the environment's own, which nobody else opens: the host's are open to everybody's
/// watches. False where this process may not, as in every user namespace but the first.
fn make_nodes(dev: &OwnedFd) -> Result<bool, Failed> {
    for (name, minor) in NODES {
        let (number, mode) = (rustix::fs::makedev(1, minor), FileMode::from_raw_mode(0o666));
        match rustix::fs::mknodat(dev, name, FileType::CharacterDevice, mode, number) {
            Err(Errno::PERM) => return Ok(false),
            result => result.at(Step::DevNode)?,
        }
        // Without what the umask took.
        rustix::fs::chmodat(dev, name, mode, AtFlags::empty()).at(Step::DevNode)?;
    }
    Ok(true)
}

/// Binds one of the host's.
fn bind(dev: &OwnedFd, name: &str, minor: u32) -> rustix::io::Result<()> {
    let place = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::openat(dev, name, place, FileMode::from_raw_mode(0o644))?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let device =
        rustix::mount::open_tree(CWD, format!("/dev/{name}"), flags | OpenTreeFlags::AT_SYMLINK_NOFOLLOW)?;
    let status = rustix::fs::fstat(&device)?;
    let is_right = FileType::from_raw_mode(status.st_mode) == FileType::CharacterDevice
        && status.st_rdev == rustix::fs::makedev(1, minor);
    if !is_right {
        return Err(Errno::NODEV);
    }
    let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC;
    syscalls::mount_setattr(&device, attributes)?;
    attach_on(&device, &open_beneath(dev, name)?)
}
