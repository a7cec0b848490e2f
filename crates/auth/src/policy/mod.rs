//! IAM policies: read once, then asked for every request.
//!
//! Identity policies belong to a principal, trust policies to a role, resource policies to a function or layer version.
//! A statement whose conditions or variables can't be evaluated exactly never allows and always denies.
//! Invariants: an explicit deny wins, the default is no, and deciding allocates nothing.
//! Source: "Policy evaluation logic" and "IAM JSON policy element reference" in the IAM user guide.

mod condition;
mod context;
mod decision;
mod document;
mod error;
mod keys;
mod named;
mod operand;
mod parse;
mod pattern;
mod principals;
mod resource;
mod trust;

pub use context::Context;
pub use decision::{Decision, Policy, Question, decide};
pub use error::PolicyError;
pub use named::Grant;
pub use parse::{counted_characters, parse_identity_policy};
pub use pattern::{Case, Pattern};
pub use resource::{ResourcePolicy, parse_resource_policy};
pub use trust::{TrustPolicy, parse_trust_policy};
