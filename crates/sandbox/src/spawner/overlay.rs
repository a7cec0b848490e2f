//! Several directories as one tree: a read-only overlay, with nothing copied and no upper directory that could be written to.
//!
//! An overlay names its directories in mountinfo as it was told of them. It is told of numbers of this process's descriptors,
//! which say nothing, in every kernel, and which can't come to mean another directory on the way.
//! Invariant: the order of layers is the customer's, so that a later one's file hides an earlier one's.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use crate::environment::mounts::new_mount;
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

/// A detached mount of two directories or more, the uppermost first: read-only, nosuid, nodev.
pub(super) fn merge(stack: &[&OwnedFd]) -> Result<OwnedFd, Errno> {
    let names: Vec<String> = stack.iter().map(|tree| format!("/proc/self/fd/{}", tree.as_raw_fd())).collect();
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV;
    new_mount("overlay", &[("lowerdir", &names.join(":"))], attributes)
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
