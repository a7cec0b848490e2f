//! What a handler is called with.

use crate::AuditEntry;
use auth::Permit;
use types::{AccountId, Region, RequestId, Timestamp};

/// A call that was permitted and whose input satisfies the operation's constraints.
pub struct Request<I> {
    /// The typed input.
    pub input: I,
    /// The evidence that the caller may do this.
    pub permit: Permit,
    /// Who asks, where and when.
    pub context: Context,
    /// The audit record of this call, for the transaction of a mutation.
    pub audit: AuditEntry,
}

/// Who asks, where and when.
#[derive(Debug, Clone)]
pub struct Context {
    /// The caller's account.
    pub account: AccountId,
    /// The region that this installation serves.
    pub region: Region,
    /// The request's id; an invocation carries it too.
    pub request_id: RequestId,
    /// When the request came in.
    pub now: Timestamp,
    /// How the client reached the service, such as `http://127.0.0.1:4566`: for links in answers.
    pub endpoint: String,
    /// Whether the caller has the further permission that some operations show more for: GetFunction shows tags to those
    /// who may list them.
    pub shows_more: bool,
}
