//! The services that Lambent is measured beside, each as its users start it.

pub(super) mod ministack;
pub(super) mod node_client;
pub(super) mod npm;
pub(super) mod rie;
pub(super) mod serverless_offline;
pub(super) mod workerd;

use super::connection::Call;
use crate::server::Server;

/// What runs beside aws-lambda-rie, with versions.
pub(super) const OTHERS: &[&str] =
    &[serverless_offline::PACKAGES[1], workerd::PACKAGES[0], ministack::PACKAGE];

/// A peer that serves, and how its function is called.
pub(super) struct Serving {
    pub(super) server: Server,
    pub(super) call: Call,
}
