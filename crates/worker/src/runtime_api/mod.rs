//! The Runtime API: HTTP/1.1 on the listener inside an environment's network namespace, and the channel of managed runtimes.
//!
//! The client is hostile: connections, bodies and what is kept of them are bounded, and nothing that a runtime sends is
//! trusted before the environment's state machine has accepted it.

mod answers;
mod body;
mod channel;
mod holding;
mod meaning;
mod routes;
mod server;

pub(crate) use channel::{VERSION as CHANNEL_VERSION, converse};
#[cfg(test)]
pub(crate) use meaning::too_large;
pub(crate) use server::{Connections, serve};
