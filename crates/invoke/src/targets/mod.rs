//! What can be invoked: versions and aliases by name, read from the store once and kept right by its change feed, each
//! version with its idle environments.

pub(crate) mod cache;
pub(crate) mod catalog;
pub(crate) mod pool;
pub(crate) mod route;
pub(crate) mod sharded;
pub(crate) mod target;
