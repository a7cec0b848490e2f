//! The audit record: who asked for what, and what came of it. Its members follow CloudTrail's record contents.

use serde::{Deserialize, Serialize};
use types::Timestamp;

/// The name of the store's log that keeps audit records.
pub const LOG: &str = "audit";

/// One call, as the audit trail keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// A UUID of its own.
    pub event_id: String,
    /// When the call came in.
    pub event_time: Timestamp,
    /// Such as `lambda.amazonaws.com`.
    pub event_source: String,
    /// The operation.
    pub event_name: String,
    /// The ARN of the caller, or `anonymous`.
    pub principal: String,
    /// The account that the caller belongs to. For a signature that was not right it is that of the key it named; empty where
    /// no key is known.
    pub account: String,
    /// The access key that signed; empty for an anonymous caller.
    pub access_key_id: String,
    /// The address that the call came from, or `environment:` and the id of the environment whose function made it.
    pub source_ip: String,
    /// What the client called itself, cut at 512 bytes.
    pub user_agent: String,
    /// The request's id.
    pub request_id: String,
    /// Whether the operation changes nothing.
    pub read_only: bool,
    /// The input with sensitive members masked and blobs left out; null where it was never parsed.
    pub request_parameters: serde_json::Value,
    /// The resources that were checked.
    pub resources: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// It was carried out.
    Succeeded,
    /// It was refused or failed.
    Failed {
        /// The error's code, as the caller saw it.
        error_code: String,
        /// The error's message, as the caller saw it.
        error_message: String,
    },
}
