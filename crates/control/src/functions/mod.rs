//! Functions: one file per operation, and what they share.

mod configuration;
mod create;
mod delete;
mod download;
pub(crate) mod edit;
mod get;
mod list;
pub(crate) mod package;
mod refused;
mod roles;
mod update_code;
mod update_configuration;
mod variables;

pub use download::CodeDownloads;
