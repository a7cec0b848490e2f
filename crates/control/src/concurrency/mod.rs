//! Reserved concurrency: what functions set aside of their account's limit. The data plane holds what is written here.
//!
//! Invariant: an account's total is the sum of its functions' reservations. Both are written in one transaction, each on
//! condition that it is what was read.

mod delete;
mod get;
mod put;
mod share;
