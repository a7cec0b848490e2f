//! Identity and access management over the wire: signed requests to a real server over a real store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it must not go on")]

mod access_keys;
mod attachments;
mod audit;
mod botocore;
mod client;
mod concurrency;
mod directory;
mod inline;
mod model;
mod owner;
mod paths;
mod platform;
mod policies;
mod revocation;
mod roles;
mod sessions;
mod sts;
mod users;
