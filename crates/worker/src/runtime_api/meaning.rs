//! What a runtime's words mean, whether they came by HTTP or by the channel: the answers that they become, and the
//! objections to them.
//!
//! Invariant: the two ways differ in their form only.

use crate::Answer;
use crate::environment::desk::Desk;
use crate::environment::state::Refusal;
use bytes::Bytes;
use http::StatusCode;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use types::limits::SYNC_RESPONSE_BYTES;

/// Most bytes of an error of the initialisation that are kept.
pub(super) const INIT_ERROR_BYTES: usize = 256 * 1024;
/// How much of something too large is still read (and thrown away), so that its sender gets an answer instead of a broken
/// connection.
pub(super) const DISCARDED_BYTES: usize = 64 << 20;
/// Longest type of an error that is passed on, in characters.
pub(super) const ERROR_TYPE_CHARACTERS: usize = 256;

/// Why a call was not taken. Source of the codes: the Runtime API's OpenAPI description of 2018-06-01.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) message: Cow<'static, str>,
}

impl Objection {
    /// The answer is larger than an invocation's may be.
    pub(super) fn too_large() -> Self {
        let message = format!("Exceeded maximum allowed payload size ({SYNC_RESPONSE_BYTES} bytes).");
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, kind: "RequestEntityTooLarge", message: message.into() }
    }
}

impl From<Refusal> for Objection {
    fn from(refusal: Refusal) -> Self {
        let (status, kind, message) = match refusal {
            Refusal::InvalidRequestId => {
                (StatusCode::BAD_REQUEST, "InvalidRequestID", Cow::Borrowed("Invalid request ID"))
            }
            Refusal::Ended => (
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "The execution environment has ended".into(),
            ),
            Refusal::InvalidStateTransition { from, to } => (
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                format!("State transition from {from} to {to} is not allowed").into(),
            ),
        };
        Self { status, kind, message }
    }
}

/// An error as the caller gets it: what the runtime sent where that is JSON, and the type that it named.
pub(super) fn function_error(named: Option<&str>, body: Bytes) -> (Bytes, String) {
    let error_type: String = named.unwrap_or("Runtime.Unknown").chars().take(ERROR_TYPE_CHARACTERS).collect();
    if serde_json::from_slice::<IgnoredAny>(&body).is_ok() {
        return (body, error_type);
    }
    let message = "The runtime reported an error without a readable description";
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message });
    (Bytes::from(body.to_string()), error_type)
}

/// What the caller gets in place of an answer that is too large.
pub(crate) fn too_large() -> Answer {
    let message =
        format!("Response payload size exceeded maximum allowed payload size ({SYNC_RESPONSE_BYTES} bytes).");
    let error_type = "Function.ResponseSizeTooLarge";
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message });
    Answer::FunctionError { payload: Bytes::from(body.to_string()), error_type: error_type.to_owned() }
}

/// Tells the driver when an answer breaks off, in whatever way: also when the task that reads it is dropped meanwhile.
pub(super) struct Unbroken<'a> {
    desk: &'a Desk,
    epoch: u32,
    armed: bool,
}

impl<'a> Unbroken<'a> {
    /// An answer of the runtime of this start has begun.
    pub(super) fn begin(desk: &'a Desk, epoch: u32) -> Self {
        Self { desk, epoch, armed: true }
    }

    /// It is complete.
    pub(super) fn end(mut self) {
        self.armed = false;
    }
}

impl Drop for Unbroken<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.desk.truncated(self.epoch);
        }
    }
}
