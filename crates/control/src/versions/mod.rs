//! Published versions: one file per operation, and the lock by which versions and aliases stay true to each other.

mod delete;
mod list;
mod publication;
mod publish;
mod releases;

pub(crate) use publication::Publication;
pub(crate) use releases::Releases;
