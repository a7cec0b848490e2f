//! How a version of a function wants its lines: what the worker needs to know of LoggingConfig.
//!
//! Source: "Configuring advanced logging controls for Lambda functions" in the developer guide.

/// The form of a function's lines, and how much a line must matter. The default is text, which knows no levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logging {
    /// The form of the lines.
    pub format: LogFormat,
    /// What the function's own lines need at least. Has a meaning with [`LogFormat::Json`] only; not chosen means
    /// [`LogLevel::Info`].
    pub application_level: Option<LogLevel>,
    /// What the platform's lines need at least, likewise.
    pub system_level: Option<LogLevel>,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// As they are printed.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a line matters, from the least on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Of the function's own lines only.
    Trace,
    /// For finding faults.
    Debug,
    /// As a matter of course.
    #[default]
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong. Of the function's own lines only.
    Error,
    /// Nothing goes on. Of the function's own lines only.
    Fatal,
}

impl Logging {
    /// The variables by which a runtime, or a library of the customer's, learns of it. The level is not told with text:
    /// nothing is filtered then.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        let (format, level) = match self.format {
            LogFormat::Text => ("Text", None),
            LogFormat::Json => ("JSON", Some(self.application_level.unwrap_or_default())),
        };
        let level = level.map(|level| ("AWS_LAMBDA_LOG_LEVEL", level.name().to_owned()));
        [("AWS_LAMBDA_LOG_FORMAT", format.to_owned())].into_iter().chain(level)
    }
}

impl LogLevel {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}
