//! Layers: one file per operation, and what they share.
//!
//! Invariants: a version of a layer never changes and its number is never used again; a function that uses one goes on
//! with it when the version is deleted or no longer shared, because it keeps a reference to the package of its own.

mod chosen;
mod compatible;
mod delete;
mod get;
mod list;
mod list_versions;
pub(crate) mod named;
mod publish;
mod show;

pub(crate) use chosen::{Chosen, fits};
