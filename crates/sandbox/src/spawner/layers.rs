//! Several layers as one tree: a read-only overlay of the staged trees, with nothing copied.
//!
//! An overlay of lower directories only has no upper one to write to. It names its directories in mountinfo, which is why trees
//! have neutral names. Invariant: the order of layers is the customer's, so that a later one's file hides an earlier one's.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

use crate::spec::TreeName;

/// The trees from the uppermost down, each once: the kernel refuses a directory that is there twice, and below its first place
/// a tree shows nothing that it does not show there.
pub(super) fn stack(layers: &[TreeName]) -> Vec<&TreeName> {
    let mut stack: Vec<&TreeName> = Vec::with_capacity(layers.len());
    for tree in layers.iter().rev() {
        if !stack.contains(&tree) {
            stack.push(tree);
        }
    }
    stack
}

/// A detached mount of two trees or more, the uppermost first.
pub(super) fn merge(stack: &[OwnedFd]) -> Result<OwnedFd, Errno> {
    match overlay(|context| by_descriptors(context, stack)) {
        // Before Linux 6.13 an overlay takes its directories by name only.
        Err(Errno::INVAL) => overlay(|context| by_names(context, stack)),
        result => result,
    }
}

fn overlay(set: impl FnOnce(&OwnedFd) -> Result<(), Errno>) -> Result<OwnedFd, Errno> {
    let context = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "source", "layers")?;
    set(&context)?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

fn by_descriptors(context: &OwnedFd, stack: &[OwnedFd]) -> Result<(), Errno> {
    stack.iter().try_for_each(|tree| rustix::mount::fsconfig_set_fd(context.as_fd(), "lowerdir+", tree))
}

/// The names of this process's own descriptors, which can't be anything else's.
fn by_names(context: &OwnedFd, stack: &[OwnedFd]) -> Result<(), Errno> {
    let names: Vec<String> = stack.iter().map(|tree| format!("/proc/self/fd/{}", tree.as_raw_fd())).collect();
    rustix::mount::fsconfig_set_string(context.as_fd(), "lowerdir", names.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_layer_is_the_uppermost_and_each_is_there_once() {
        let tree = |digit: char| TreeName::parse(&digit.to_string().repeat(64)).expect("a name");
        let [a, b, c] = ['a', 'b', 'c'].map(tree);
        let layers = [a.clone(), b.clone(), a.clone(), c.clone(), b.clone()];
        assert_eq!(stack(&layers), [&b, &c, &a]);
        assert!(stack(&[]).is_empty());
        assert_eq!(stack(&[a.clone(), a.clone()]), [&a]);
    }
}
