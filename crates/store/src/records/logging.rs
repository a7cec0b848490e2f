//! How a version of a function logs.
//!
//! Source: LoggingConfig in the API reference.

use serde::{Deserialize, Serialize};

/// What a function's log lines look like and where they go. The default is what the service does unasked: text, in the
/// function's own group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingRecord {
    /// The form of the lines.
    pub format: LogFormat,
    /// The group, where it is not the function's own.
    pub group: Option<String>,
    /// What the function's own lines need at least; chosen with [`LogFormat::Json`] only.
    pub application_level: Option<LogLevel>,
    /// What the platform's lines need at least; chosen with [`LogFormat::Json`] only.
    pub system_level: Option<LogLevel>,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFormat {
    /// As they are printed.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a line matters, from the least on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// Of the function's own lines only.
    Trace,
    /// For finding faults.
    Debug,
    /// As a matter of course.
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong. Of the function's own lines only.
    Error,
    /// Nothing goes on. Of the function's own lines only.
    Fatal,
}
