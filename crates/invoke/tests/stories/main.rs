//! The data plane on a whole platform: over HTTP, signed, with simulated environments.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod allocations;
mod clients;
mod concurrency;
mod creations;
mod environments;
mod inside;
mod qualifiers;
mod requests;
mod roles;
