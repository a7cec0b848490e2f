//! Tags of functions. They change nothing of a function: neither its revision nor its environments. (The service gives the
//! function a new RevisionId with each change of tags: recorded on GetFunction after TagResource and UntagResource.)
//!
//! Invariant: tags are written in one transaction with their audit record, on condition that their function is there.

mod change;
mod limits;
mod list;
mod resource;
mod tag;
mod untag;

pub(crate) use limits::check_new;
