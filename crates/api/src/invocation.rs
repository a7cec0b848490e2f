//! An invocation as the pipeline hands it to the data plane, and what comes back.

use auth::Permit;
use bytes::Bytes;
use types::{BoxFuture, FunctionRef, RequestId, ServiceError, Timestamp, Version};

/// How a caller wants its function run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvocationType {
    /// The caller waits for the answer.
    RequestResponse,
    /// The payload is queued.
    Event,
    /// Only the permission is checked.
    DryRun,
}

/// Whether the caller wants to see the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogType {
    /// No.
    None,
    /// The last 4 KB of it.
    Tail,
}

/// A call of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function, with the qualifier that was asked for.
    pub function: FunctionRef,
    /// How it is to be run.
    pub kind: InvocationType,
    /// Whether the caller wants to see the log.
    pub log: LogType,
    /// As the caller sent it: base64 of JSON.
    pub client_context: Option<String>,
    /// The header `X-Amzn-Trace-Id`.
    pub trace_id: Option<String>,
    /// The event. At most 6,291,456 bytes, not yet known to be JSON.
    pub payload: Bytes,
}

/// What came of an invocation.
#[derive(Debug, Clone)]
pub struct Invoked {
    /// 200, 202 for an event, 204 for a dry run.
    pub status: u16,
    /// The version that ran.
    pub executed_version: Version,
    /// `Unhandled` when the function failed.
    pub function_error: Option<&'static str>,
    /// Base64 of the log's tail, where it was asked for.
    pub log_tail: Option<String>,
    /// The function's answer, or the description of its failure.
    pub payload: Bytes,
}

/// An invocation that its caller may make.
pub struct PermittedInvocation {
    /// What is to be run.
    pub invocation: Invocation,
    /// The evidence that the caller may do this.
    pub permit: Permit,
    /// The id that the invocation and its logs carry.
    pub request_id: RequestId,
    /// When the request came in.
    pub now: Timestamp,
}

/// The data plane, as the pipeline sees it.
pub trait Invoke: Send + Sync {
    /// Runs a permitted invocation. When the client goes away the future is dropped; the invocation itself goes on.
    fn invoke(&self, request: PermittedInvocation) -> BoxFuture<'_, Result<Invoked, ServiceError>>;
}
