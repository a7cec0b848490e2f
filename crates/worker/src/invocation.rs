//! What goes into one invocation and what comes out of it.

use bytes::Bytes;
use std::time::Duration;
use types::RequestId;

/// One invocation, as the runtime will see it.
#[derive(Clone)]
pub struct Invocation {
    /// Its id, in the runtime's headers and in its log lines.
    pub request_id: RequestId,
    /// The event: JSON, at most 6,291,456 bytes. Empty becomes `{}`.
    pub payload: Bytes,
    /// The ARN as the caller named it, with its qualifier.
    pub invoked_arn: String,
    /// `X-Amzn-Trace-Id` of the request. Must be fit for a header's value; left out otherwise, as the next two.
    pub trace_id: Option<String>,
    /// The client context as JSON (decoded from base64).
    pub client_context: Option<String>,
    /// The Cognito identity as JSON.
    pub cognito_identity: Option<String>,
    /// Whether the caller asked for the end of the log.
    pub log_tail: LogTail,
}

/// `LogType` of the Invoke API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTail {
    /// `None`
    Omitted,
    /// `Tail`: the last 4 KB of this invocation's log.
    Wanted,
}

/// What came of an invocation.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What the caller gets.
    pub answer: Answer,
    /// At most the last 4,096 bytes of this invocation's log, valid UTF-8, when they were asked for.
    pub log_tail: Option<Vec<u8>>,
    /// Whether the environment lives on.
    pub fate: Fate,
    /// How long it took.
    pub timings: Timings,
}

/// What the caller of an invocation gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The function's response, at most 6,291,556 bytes.
    Success {
        /// As the runtime sent it.
        payload: Bytes,
        /// The content type that the runtime gave, if it gave one.
        content_type: Option<String>,
    },
    /// The function failed, or the platform stopped it. `X-Amz-Function-Error: Unhandled`.
    FunctionError {
        /// JSON: `{"errorMessage", "errorType", …}`.
        payload: Bytes,
        /// The error's type, such as `Sandbox.Timedout`; for errors of the function itself what the runtime named.
        error_type: String,
    },
    /// The environment had ended, or was busy, before the function saw anything of this invocation: it may be sent to
    /// another one.
    NotDelivered,
    /// The worker was shut down while the function worked on it: what it did until then is done.
    Interrupted,
}

/// Whether an environment may take another invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It may.
    Reusable,
    /// It could have been left dirty and is destroyed, or it was dead already.
    Destroyed,
}

/// How long an invocation took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// From hand-over to the runtime to its answer (with a second initialisation, where there was one).
    pub duration: Duration,
    /// The environment's initialisation, told to its first invocation only.
    pub init: Option<Duration>,
}

impl Timings {
    /// Milliseconds that are billed: the duration rounded up.
    pub fn billed_millis(&self) -> u64 {
        u64::try_from(self.duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_billed_duration_is_rounded_up() {
        for (micros, billed) in [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2)] {
            let timings = Timings { duration: Duration::from_micros(micros), init: None };
            assert_eq!(timings.billed_millis(), billed);
        }
    }
}
