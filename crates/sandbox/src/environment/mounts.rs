//! The environment's file tree: the runtime's root, read-only, and on it what each environment has of its own.
//!
//! Every mount goes from a descriptor to a descriptor that was found below the root without following a link, so that no path
//! is looked up twice. Invariant: nothing of the host's tree is reachable once [`build`] returns.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, Mode as FileMode, OFlags, ResolveFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    UnmountFlags,
};

use super::{Plan, devices, procfs};
use crate::step::{At, Failed, Step};
use crate::weaken::Layer;

/// Size of /dev/shm: POSIX semaphores and small shared memory; it counts as memory of the environment.
const SHM_BYTES: u64 = 64 << 20;
const SHM_INODES: u64 = 1024;

/// Makes the tree and enters it.
pub(super) fn build(plan: &Plan) -> Result<(), Failed> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", private).at(Step::PrivateMounts)?;
    attach_by_path(&plan.root, plan.attach_point).at(Step::AttachRoot)?;
    let root = &plan.root;
    // The devices may come from the host's /dev, so they are taken before the root is left.
    devices::mount(root, plan.weakened)?;
    let proc = procfs::mount(root)?;
    mount_tmp(plan, root)?;
    attach(&plan.code, root, "var/task", Step::AttachCode)?;
    if let Some(layers) = &plan.layers {
        attach(layers, root, "opt", Step::AttachLayers)?;
    }
    attach(&plan.passwd, root, "etc/passwd", Step::AttachPasswd)?;
    enter(root)?;
    procfs::close(plan, &proc)?;
    enter_cwd(&plan.cwd)
}

fn mount_tmp(plan: &Plan, root: &OwnedFd) -> Result<(), Failed> {
    let (uid, limits) = (plan.uid, &plan.limits);
    let swap = plan.swap;
    if !plan.weakened.keeps(Layer::PrivateTmp) {
        return share_tmp(root);
    }
    let shm = Tmpfs { bytes: SHM_BYTES, inodes: SHM_INODES, mode: "1777", uid, swap };
    attach(&shm.make(Step::ShmMount)?, root, "dev/shm", Step::ShmMount)?;
    let tmp = Tmpfs { bytes: limits.tmp_bytes, inodes: limits.tmp_inodes, mode: "1777", uid, swap };
    attach(&tmp.make(Step::TmpMount)?, root, "tmp", Step::TmpMount)
}

/// Without the layer: the host's memory file system, for all environments.
fn share_tmp(root: &OwnedFd) -> Result<(), Failed> {
    let open = || rustix::fs::openat(CWD, "/dev/shm", OFlags::PATH | OFlags::CLOEXEC, FileMode::empty());
    for place in ["dev/shm", "tmp"] {
        let mount = open().and_then(clone_tree).at(Step::TmpMount)?;
        attach(&mount, root, place, Step::TmpMount)?;
    }
    Ok(())
}

/// Whether the kernel lets this process keep a tmpfs out of swap: Linux 6.4, and only outside of user namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swap {
    Never,
    Possible,
}

/// A tmpfs to be made: nosuid and nodev always.
pub(crate) struct Tmpfs {
    pub(crate) bytes: u64,
    pub(crate) inodes: u64,
    pub(crate) mode: &'static str,
    pub(crate) uid: u32,
    pub(crate) swap: Swap,
}

impl Tmpfs {
    /// Makes it as a detached mount.
    pub(crate) fn make(&self, step: Step) -> Result<OwnedFd, Failed> {
        let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
        let (size, inodes, uid) = (self.bytes.to_string(), self.inodes.to_string(), self.uid.to_string());
        let options = [
            ("size", size.as_str()),
            ("nr_inodes", &inodes),
            ("mode", self.mode),
            ("uid", &uid),
            ("gid", &uid),
            ("noswap", FLAG),
        ];
        let count = if self.swap == Swap::Never { options.len() } else { options.len() - 1 };
        new_mount("tmpfs", &options[..count], attributes).at(step)
    }
}

/// The value of an option that has none.
const FLAG: &str = "";

/// Makes a file system as a detached mount.
pub(crate) fn new_mount(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> rustix::io::Result<OwnedFd> {
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "source", "none")?;
    for (name, value) in options {
        if *value == FLAG {
            rustix::mount::fsconfig_set_flag(context.as_fd(), *name)?;
        } else {
            rustix::mount::fsconfig_set_string(context.as_fd(), *name, *value)?;
        }
    }
    rustix::mount::fsconfig_create(context.as_fd())?;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// A detached clone of the one mount, or part of it, that a descriptor names.
pub(crate) fn clone_tree(of: impl AsFd) -> rustix::io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    rustix::mount::open_tree(of, "", flags | OpenTreeFlags::AT_EMPTY_PATH)
}

/// Opens what is below a directory, following no link and never leaving it.
pub(crate) fn open_beneath(directory: impl AsFd, path: &str) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(directory, path, OFlags::PATH | OFlags::CLOEXEC, FileMode::empty(), resolve)
}

/// Attaches a detached mount on a file or directory below the root.
pub(super) fn attach(mount: &OwnedFd, root: &OwnedFd, path: &str, step: Step) -> Result<(), Failed> {
    let target = open_beneath(root, path).at(step)?;
    attach_on(mount, &target).at(step)
}

pub(crate) fn attach_on(mount: &OwnedFd, target: &OwnedFd) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    rustix::mount::move_mount(mount.as_fd(), "", target.as_fd(), "", flags)
}

/// Attaches a detached mount on a path of this mount namespace.
pub(crate) fn attach_by_path(mount: &OwnedFd, path: &str) -> rustix::io::Result<()> {
    rustix::mount::move_mount(mount.as_fd(), "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
}

/// Makes the tree `/` and lets go of the host's.
fn enter(root: &OwnedFd) -> Result<(), Failed> {
    rustix::process::fchdir(root).at(Step::EnterRoot)?;
    // The old root comes to lie on the new one, from where the second call takes it.
    rustix::process::pivot_root(".", ".").at(Step::PivotRoot)?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).at(Step::DetachOldRoot)?;
    rustix::process::chdir("/").at(Step::EnterRoot)
}

/// The working directory must be inside the new root: otherwise the kernel's own name for it says "(unreachable)".
fn enter_cwd(cwd: &str) -> Result<(), Failed> {
    rustix::process::chdir(cwd).at(Step::EnterCwd)?;
    let actual = rustix::process::getcwd(Vec::new()).at(Step::VerifyCwd)?;
    if actual.as_bytes().first() == Some(&b'/') {
        Ok(())
    } else {
        Err(rustix::io::Errno::XDEV).at(Step::VerifyCwd)
    }
}
