//! Aliases: one file per operation, and the rules of their routing.

mod create;
mod delete;
mod get;
mod list;
pub(crate) mod routing;
mod show;
mod update;
