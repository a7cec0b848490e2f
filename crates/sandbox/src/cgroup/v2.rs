//! cgroup v2: one tree.
//!
//! Invariant: as in v1.

/// The spawner's directory.
#[derive(Debug)]
pub(crate) struct V2 {}
