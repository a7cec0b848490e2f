//! The pipeline over real connections: signed requests in, answers and audit records out.
//!
//! The directory, the clock and the handlers are the tests' own; the store is a real one in a folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that can not go on should stop")]

mod allocations;
mod audit;
mod bounds;
mod client;
mod connections;
mod downloads;
mod handlers;
mod hostile;
mod inside;
mod invocations;
mod matrix;
mod people;
mod permissions;
mod platform;
mod protocols;
mod resource_policies;
mod samples;
mod signatures;
