//! What the caller is told about an invocation that the function didn't answer, and what the log says about it.
//!
//! Source of the texts: recorded answers of the service.

use super::desk::{Told, Verdict};
use super::exit::Exit;
use super::state::Unfinished;
use crate::Answer;
use crate::logs::{Entry, Status};
use bytes::Bytes;
use std::borrow::Cow;
use std::time::Duration;
use types::{RequestId, Timestamp};

/// Why an environment, or an attempt at its initialisation, ends.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The runtime's process ended.
    Exited(Exit),
    /// It used more memory than it has.
    OutOfMemory,
    /// The invocation's time is over.
    TimedOut,
    /// The first initialisation's time is over.
    InitTimedOut,
    /// The runtime said that it can't initialise.
    InitError {
        /// JSON, from the runtime.
        payload: Bytes,
        /// From the runtime.
        error_type: String,
    },
    /// The function has no program that could be started. With what is wrong.
    NoProgram(String),
    /// An answer broke off.
    Truncated,
    /// What came over the channel were no frames. With what is wrong.
    Violation(String),
    /// It was told to stop.
    Stopped,
    /// The runtime could not be started again. The operator knows why.
    NotRestarted,
}

impl From<Told> for End {
    fn from(told: Told) -> Self {
        match told {
            Told::InitError { payload, error_type } => Self::InitError { payload, error_type },
            Told::Truncated => Self::Truncated,
            Told::Violation(how) => Self::Violation(how),
        }
    }
}

impl End {
    /// What REPORT and INIT_REPORT say.
    pub(crate) fn status(&self) -> Status {
        match self {
            Self::TimedOut | Self::InitTimedOut => Status::Timeout,
            Self::Stopped | Self::NotRestarted => Status::Success,
            Self::InitError { error_type, .. } => Status::Error(Cow::Owned(error_type.clone())),
            Self::Exited(_) => Status::Error(Cow::Borrowed("Runtime.ExitError")),
            Self::OutOfMemory => Status::Error(Cow::Borrowed("Runtime.OutOfMemory")),
            Self::NoProgram(_) => Status::Error(Cow::Borrowed("Runtime.InvalidEntrypoint")),
            Self::Truncated => Status::Error(Cow::Borrowed("Runtime.TruncatedResponse")),
            Self::Violation(_) => Status::Error(Cow::Borrowed("Runtime.ProtocolViolation")),
        }
    }

    /// The judgement on what was unfinished. `initialised` says whether the runtime had ever asked for work.
    pub(crate) fn verdict(
        self,
        unfinished: Unfinished,
        initialised: bool,
        timeout: Duration,
        now: Timestamp,
    ) -> Option<Verdict> {
        let (id, delivered) = match unfinished {
            Unfinished::Nothing => return None,
            Unfinished::Undelivered(id) => (id, false),
            Unfinished::Delivered(id) => (id, true),
        };
        let status = self.status();
        let (answer, line) = match self {
            Self::Stopped if delivered => (Answer::Interrupted, None),
            Self::Stopped | Self::NotRestarted => (Answer::NotDelivered, None),
            Self::TimedOut | Self::InitTimedOut => {
                let text = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
                (error(id, "Sandbox.Timedout", &text), Some(Entry::TimedOut { at: now, id, after: timeout }))
            }
            // It died between two invocations, before it saw this one.
            _ if !delivered && initialised => (Answer::NotDelivered, None),
            Self::Exited(exit) => {
                let text = exit.to_string();
                (error(id, "Runtime.ExitError", &text), Some(crashed(id, "Runtime.ExitError", text)))
            }
            Self::OutOfMemory => {
                // Recorded: the log calls it an exit where the answer and REPORT know better.
                let text = Exit::KILLED.to_string();
                (error(id, "Runtime.OutOfMemory", &text), Some(crashed(id, "Runtime.ExitError", text)))
            }
            Self::NoProgram(text) => {
                let kind = "Runtime.InvalidEntrypoint";
                (error(id, kind, &text), Some(crashed(id, kind, text)))
            }
            Self::Truncated => {
                (error(id, "Runtime.TruncatedResponse", "The runtime's response was cut off"), None)
            }
            // Ours: the service has no such channel that its documentation tells of.
            Self::Violation(how) => {
                let text = format!("The runtime broke the protocol of its channel: {how}");
                let kind = "Runtime.ProtocolViolation";
                (error(id, kind, &text), Some(crashed(id, kind, text)))
            }
            Self::InitError { payload, error_type } => (Answer::FunctionError { payload, error_type }, None),
        };
        Some(Verdict { answer, status, line })
    }
}

/// Source: recorded in the logs of functions whose runtime exits, between START and END.
fn crashed(id: RequestId, error_type: &'static str, text: String) -> Entry {
    Entry::Crashed { id, text, error_type }
}

fn error(id: RequestId, error_type: &str, text: &str) -> Answer {
    let message = format!("RequestId: {id} Error: {text}");
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message });
    Answer::FunctionError { payload: Bytes::from(body.to_string()), error_type: error_type.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01234567-89ab-4def-8123-456789abcdef";

    fn body(end: End, unfinished: Unfinished, initialised: bool) -> Option<serde_json::Value> {
        let verdict = end.verdict(unfinished, initialised, Duration::from_secs(3), Timestamp(0))?;
        match verdict.answer {
            Answer::FunctionError { payload, .. } => Some(serde_json::from_slice(&payload).unwrap()),
            _ => None,
        }
    }

    #[test]
    fn the_errors_read_as_the_services() {
        let unfinished = Unfinished::Delivered(ID.parse().unwrap());
        for (end, kind, text) in [
            (End::TimedOut, "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
            (End::Exited(Exit::Code(1)), "Runtime.ExitError", "Runtime exited with error: exit status 1"),
            (End::OutOfMemory, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"),
        ] {
            let body = body(end, unfinished, true).unwrap();
            assert_eq!(body["errorType"], kind);
            assert_eq!(body["errorMessage"], format!("RequestId: {ID} Error: {text}"));
        }
    }

    #[test]
    fn what_never_reached_an_initialised_runtime_may_go_elsewhere() {
        let unfinished = Unfinished::Undelivered(ID.parse().unwrap());
        assert!(body(End::Exited(Exit::Code(1)), unfinished, true).is_none());
        assert!(body(End::Exited(Exit::Code(1)), unfinished, false).is_some());
        assert!(body(End::Stopped, unfinished, false).is_none());
    }
}
