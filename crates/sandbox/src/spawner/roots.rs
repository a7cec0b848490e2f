//! Runtime roots, so that an environment doesn't see where on the host they lie.
//!
//! A bind of a directory tells its path within its file system to everybody who reads mountinfo. So each root is laid over an
//! empty directory, in an overlay that is made once and of which environments get clones: they share its caches, and a start
//! costs what it costs with a bind. Invariant: a root is known by its inode, which the overlay holds: one that is replaced is
//! another, whatever its path.

use std::os::fd::OwnedFd;

use rustix::fs::Stat;

use super::overlay;
use crate::environment::mounts::clone_tree;
use crate::step::{At, Failed, Step};

/// Most roots that are held. Beyond them the one that was made first is made again when it is needed.
const MOST: usize = 64;

/// The overlays that have been made.
#[derive(Default)]
pub(super) struct Roots(Vec<Root>);

struct Root {
    device: u64,
    inode: u64,
    overlay: OwnedFd,
}

impl Roots {
    /// A read-only detached mount of the root, which shows as nothing but an overlay.
    pub(super) fn mount(&mut self, root: &OwnedFd, empty: &OwnedFd) -> Result<OwnedFd, Failed> {
        let Stat { st_dev: device, st_ino: inode, .. } = rustix::fs::fstat(root).at(Step::OpenRoot)?;
        let known = self.0.iter().position(|known| (known.device, known.inode) == (device, inode));
        let place = match known {
            Some(place) => place,
            None => {
                let overlay = overlay::merge(&[root, empty]).at(Step::HideRoot)?;
                if self.0.len() == MOST {
                    self.0.remove(0);
                }
                self.0.push(Root { device, inode, overlay });
                self.0.len() - 1
            }
        };
        clone_tree(&self.0[place].overlay).at(Step::CloneRoot)
    }
}
