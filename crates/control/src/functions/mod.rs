//! Functions: one file per operation, and what they share.

mod code_signing;
pub(crate) mod configuration;
mod create;
mod delete;
mod download;
pub(crate) mod edit;
pub(crate) mod found;
mod get;
mod list;
mod logging;
pub(crate) mod package;
mod refused;
mod roles;
mod update_code;
mod update_configuration;
mod variables;

pub use download::CodeDownloads;
