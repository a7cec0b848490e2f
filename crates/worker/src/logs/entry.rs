//! What the platform says in a function's log, and what the function prints, before it is a line.
//!
//! Entries are kept as data and become lines when they are shipped, away from the path of the answer: [`super::text`] and
//! [`super::events`] write them in the two formats.

use super::{events, text};
use crate::{LogFormat, Logging, Timings};
use std::borrow::Cow;
use std::time::Duration;
use types::{EnvironmentId, FunctionName, MemoryMb, RequestId, Timestamp, Version};

/// One line before it is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// What the function printed.
    Output(String),
    /// The initialisation begins.
    InitStart {
        /// The runtime's version, such as `python:3.11.2`.
        runtime: String,
        /// The ARN that stands for it.
        arn: String,
        /// The function's name.
        function: FunctionName,
        /// Its version.
        version: Version,
        /// The environment.
        environment: EnvironmentId,
        /// MemorySize.
        memory: MemoryMb,
    },
    /// The initialisation is over.
    InitReport {
        /// How long it took.
        duration: Duration,
        /// Which attempt it was.
        phase: InitPhase,
        /// How it ended.
        status: Status,
    },
    /// An invocation begins.
    Start {
        /// The invocation.
        id: RequestId,
        /// The function's version.
        version: Version,
    },
    /// An invocation was stopped at its deadline.
    TimedOut {
        /// When.
        at: Timestamp,
        /// The invocation.
        id: RequestId,
        /// The function's time-out.
        after: Duration,
    },
    /// The runtime ended during an invocation.
    Crashed {
        /// The invocation.
        id: RequestId,
        /// How, such as `Runtime exited with error: exit status 1`.
        text: String,
        /// Such as `Runtime.ExitError`.
        error_type: &'static str,
    },
    /// An invocation is over: END and REPORT.
    End(Report),
}

/// Which attempt at the initialisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitPhase {
    /// The first.
    Init,
    /// The one inside the first invocation.
    Invoke,
}

/// How an invocation or an initialisation ended, as REPORT says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing is said about it.
    Success,
    /// At the deadline.
    Timeout,
    /// By an error that the platform found. With its type.
    Error(Cow<'static, str>),
    /// By an error that the runtime reported, of which the text format says nothing. With its type.
    Reported(String),
}

/// What REPORT says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The invocation.
    pub(crate) id: RequestId,
    /// How long it took.
    pub(crate) timings: Timings,
    /// MemorySize.
    pub(crate) memory: MemoryMb,
    /// How it ended.
    pub(crate) status: Status,
    /// Length of the response, where there is one.
    pub(crate) produced_bytes: Option<usize>,
}

impl Entry {
    /// The lines of this entry, in order, each with its line break. `at` is when it happened, `peak_bytes` the highest use of
    /// memory until now.
    pub(crate) fn lines(
        self,
        logging: Logging,
        at: Timestamp,
        peak_bytes: u64,
        mut line: impl FnMut(String),
    ) {
        match (self, logging.format) {
            (Self::Output(text), _) => line(text),
            (entry, LogFormat::Text) => text::lines(entry, peak_bytes, line),
            (entry, LogFormat::Json) => {
                events::lines(entry, at, peak_bytes, logging.system_level.unwrap_or_default(), line);
            }
        }
    }

    /// About how many bytes it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        let text = match self {
            Self::Output(text) | Self::Crashed { text, .. } => text.len(),
            _ => 0,
        };
        size_of::<Self>() + text
    }
}
