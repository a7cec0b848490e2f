//! Code packages: what honest ones become, what hostile ones are refused for, and what holds for all.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod honest;
mod hostile;
mod properties;
mod zips;
