//! The companion services, one folder each: identity, tokens, logs, queues.
//!
//! Invariant: what is here is real: a service answers from the store, and what it does not do it refuses by name.

mod change;
pub mod iam;
pub mod logs;
pub mod sqs;
pub mod sts;
