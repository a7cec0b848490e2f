//! The tmpfs that holds code trees, in the spawner's own mount namespace: no other process of the host sees it.
//!
//! ```text
//! /trees/<64 hex>    put there by the platform through the descriptor that it is given
//! /view              what environments see of the machine, in a tmpfs of its own
//! /probe             an empty root, for the trial at the start
//! ```
//! Invariant: what the spawner opens here it opens beneath its own descriptor, following no link.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, Mode as FileMode, OFlags};

use super::overlay;
use super::view::View;
use crate::environment::mounts::{Swap, Tmpfs, attach_by_path, clone_tree, open_beneath};
use crate::spec::TreeName;
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// Directories that every kernel's /proc has, always empty, needed by nobody in the spawner: one serves as the place of the
/// staging area, and in each environment's namespace of its root until that is `/`.
const POINTS: [&str; 2] = ["/proc/fs/nfsd", "/proc/driver"];

/// Files and directories that the area can hold.
const INODES: u64 = 4 << 20;

pub(super) struct Staging {
    root: OwnedFd,
    pub(super) point: &'static str,
    /// What was possible for this area, and so is for those of environments.
    pub(super) swap: Swap,
    pub(super) view: View,
}

impl Staging {
    pub(super) fn mount(bytes: u64) -> Result<Self, Failed> {
        let area = |swap| Tmpfs { bytes, inodes: INODES, mode: "0755", uid: 0, swap }.make(Step::StagingOpen);
        let (mount, swap) = match area(Swap::Never) {
            Ok(mount) => (mount, Swap::Never),
            Err(_) => (area(Swap::Possible)?, Swap::Possible),
        };
        let point = attach_somewhere(&mount).at(Step::StagingMount)?;
        for name in ["trees", "view"] {
            rustix::fs::mkdirat(&mount, name, directory_mode()).at(Step::StagingDirectory)?;
        }
        let place = open_beneath(&mount, "view").at(Step::StagingDirectory)?;
        let view = View::mount(&place, swap)?;
        Ok(Self { root: mount, point, swap, view })
    }

    /// The descriptor for the platform.
    pub(super) fn trees(&self) -> Result<OwnedFd, Failed> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.root, "trees", flags, FileMode::empty()).at(Step::StagingDirectory)
    }

    /// A read-only detached mount of a code tree, with inodes of its own: accounts can share a tree.
    pub(super) fn code(&self, tree: &TreeName, weakened: Weakened) -> Result<OwnedFd, Failed> {
        let found = open_beneath(&self.root, &format!("trees/{}", tree.as_str())).at(Step::OpenCode)?;
        if weakened.keeps(Layer::OwnInodes) && weakened.keeps(Layer::ReadOnlyRoot) {
            return overlay::merge(&[&self.view.empty()?, &found]).at(Step::CloneCode);
        }
        let mount = clone_tree(&found).at(Step::CloneCode)?;
        if weakened.keeps(Layer::ReadOnlyRoot) {
            protect(&mount).at(Step::ProtectCode)?;
        } else {
            syscalls::mount_clearattr(&mount, libc::MOUNT_ATTR_NOSUID).at(Step::ProtectCode)?;
        }
        Ok(mount)
    }

    /// A read-only detached mount of everything that layers, the last of which wins, have to show; none where there are none.
    pub(super) fn layers(&self, trees: &[TreeName], weakened: Weakened) -> Result<Option<OwnedFd>, Failed> {
        let find = |tree: &TreeName| {
            open_beneath(&self.root, &format!("trees/{}", tree.as_str())).at(Step::OpenLayer)
        };
        match overlay::stack(trees)[..] {
            [] => Ok(None),
            [only] if !weakened.keeps(Layer::ReadOnlyRoot) => {
                clone_tree(find(only)?).at(Step::CloneLayer).map(Some)
            }
            [only] => overlay::merge(&[&self.view.empty()?, &find(only)?]).at(Step::MergeLayers).map(Some),
            ref stack => {
                let found = stack.iter().map(|tree| find(tree)).collect::<Result<Vec<_>, _>>()?;
                overlay::merge(&found.iter().collect::<Vec<_>>()).at(Step::MergeLayers).map(Some)
            }
        }
    }

    /// Makes the empty root and the empty trees of the trial, and says where the root is.
    pub(super) fn make_probe(&self, trees: &[TreeName]) -> Result<String, Failed> {
        let trees = trees.iter().map(|tree| format!("trees/{}", tree.as_str()));
        let directories =
            ["dev", "proc", "tmp", "var", "var/task", "opt", "etc"].map(|d| format!("probe/{d}"));
        for directory in trees.chain(["probe".to_owned()]).chain(directories) {
            rustix::fs::mkdirat(&self.root, directory, directory_mode()).at(Step::StagingDirectory)?;
        }
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.root, "probe/etc/passwd", flags, FileMode::from_raw_mode(0o644))
            .at(Step::StagingDirectory)?;
        Ok(format!("{}/probe", self.point))
    }

    /// Removes what [`Staging::make_probe`] made.
    pub(super) fn remove_probe(&self, trees: &[TreeName]) -> Result<(), Failed> {
        let remove =
            |name: &str, flags| rustix::fs::unlinkat(&self.root, name, flags).at(Step::StagingDirectory);
        remove("probe/etc/passwd", rustix::fs::AtFlags::empty())?;
        let trees = trees.iter().map(|tree| format!("trees/{}", tree.as_str()));
        let inner =
            ["dev", "proc", "tmp", "var/task", "var", "opt", "etc"].map(|name| format!("probe/{name}"));
        for directory in inner.into_iter().chain(["probe".to_owned()]).chain(trees) {
            remove(&directory, rustix::fs::AtFlags::REMOVEDIR)?;
        }
        Ok(())
    }
}

/// Makes a detached mount read-only and takes set-user-id and device files their meaning.
pub(super) fn protect(mount: impl AsFd) -> rustix::io::Result<()> {
    let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    syscalls::mount_setattr(mount, attributes)
}

fn attach_somewhere(mount: &OwnedFd) -> rustix::io::Result<&'static str> {
    let exists =
        |point: &&'static str| rustix::fs::statat(CWD, *point, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok();
    let point = POINTS.into_iter().find(exists).ok_or(rustix::io::Errno::NOENT)?;
    attach_by_path(mount, point)?;
    Ok(point)
}

fn directory_mode() -> FileMode {
    FileMode::from_raw_mode(0o755)
}
