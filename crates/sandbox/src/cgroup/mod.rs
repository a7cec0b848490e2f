//! Resource groups.
//!
//! Invariant: a group is limited before a process joins it, and removed only after its last process is dead.

mod gauges;

pub(crate) use gauges::Gauges;
