//! The Runtime API: HTTP/1.1 on the listener inside an environment's network namespace.
//!
//! The client is hostile: connections, bodies and what is kept of them are bounded, and nothing that a runtime sends is
//! trusted before the environment's state machine has accepted it.

mod answers;
mod body;
mod holding;
mod repolled;
mod routes;
mod server;

pub(crate) use server::{Connections, serve};
