//! The platform's own lines.
//!
//! They are kept as data and become text when they are shipped, away from the path of the answer.
//! Source of the formats: "Lambda function logs" and "Understanding the Lambda execution environment lifecycle" in the
//! Lambda developer guide.

use crate::Timings;
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::Duration;
use types::{MemoryMb, RequestId, Timestamp, Version};

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
    },
    /// The initialisation failed.
    InitReport {
        /// How long it took.
        duration: Duration,
        /// Which attempt it was.
        phase: InitPhase,
        /// How it failed.
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
}

impl Entry {
    /// The lines of this entry, in order, each with its line break.
    pub(crate) fn lines(self, peak_bytes: u64, mut line: impl FnMut(String)) {
        match self {
            Self::Output(text) => line(text),
            Self::InitStart { runtime, arn } => {
                line(format!("INIT_START Runtime Version: {runtime}\tRuntime Version ARN: {arn}\n"));
            }
            Self::InitReport { duration, phase, status } => line(format!(
                "INIT_REPORT Init Duration: {:.2} ms\tPhase: {}\t{status}\n",
                millis(duration),
                if phase == InitPhase::Init { "init" } else { "invoke" },
            )),
            Self::Start { id, version } => line(format!("START RequestId: {id} Version: {version}\n")),
            Self::TimedOut { at, id, after } => {
                line(format!("{} {id} Task timed out after {:.2} seconds\n", Iso(at), after.as_secs_f64()));
            }
            Self::Crashed { id, text, error_type } => {
                line(format!("RequestId: {id} Error: {text}\n"));
                line(format!("{error_type}\n"));
            }
            Self::End(report) => {
                line(format!("END RequestId: {}\n", report.id));
                line(report.text(peak_bytes));
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

impl Report {
    fn text(&self, peak_bytes: u64) -> String {
        let mut text = format!(
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
            self.id,
            millis(self.timings.duration),
            self.timings.billed_millis(),
            self.memory.get(),
            peak_bytes.div_ceil(1 << 20),
        );
        if let Some(init) = self.timings.init {
            // Writing to a String can't fail.
            let _ = write!(text, "Init Duration: {:.2} ms\t", millis(init));
        }
        let _ = writeln!(text, "{}", self.status);
        text
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => Ok(()),
            Self::Timeout => f.write_str("Status: timeout"),
            Self::Error(kind) => write!(f, "Status: error\tError Type: {kind}"),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A time as `2026-11-24T06:35:00.000Z`.
struct Iso(Timestamp);

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp_millis(self.0.millis()) {
            Some(time) => write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(entry: Entry) -> Vec<String> {
        let mut lines = Vec::new();
        entry.lines(31 << 20, |line| {
            lines.push(line.strip_suffix('\n').expect("each line has its line break").to_owned());
        });
        lines
    }

    fn report(status: Status, init: Option<Duration>) -> Entry {
        Entry::End(Report {
            id: "01234567-89ab-4def-8123-456789abcdef".parse().unwrap(),
            timings: Timings { duration: Duration::from_micros(1234), init },
            memory: MemoryMb::default(),
            status,
        })
    }

    #[test]
    fn end_and_report_read_as_the_services() {
        let id = "01234567-89ab-4def-8123-456789abcdef";
        let fixed = format!(
            "REPORT RequestId: {id}\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\t"
        );
        let lines = text(report(Status::Success, None));
        assert_eq!(lines, [format!("END RequestId: {id}"), fixed.clone()]);
        let lines = text(report(Status::Success, Some(Duration::from_millis(45))));
        assert_eq!(lines[1], format!("{fixed}Init Duration: 45.00 ms\t"));
        assert_eq!(text(report(Status::Timeout, None))[1], format!("{fixed}Status: timeout"));
        let error = Status::Error("Runtime.ExitError".into());
        assert_eq!(
            text(report(error, None))[1],
            format!("{fixed}Status: error\tError Type: Runtime.ExitError")
        );
    }

    #[test]
    fn the_other_lines_read_as_the_services() {
        let id = "01234567-89ab-4def-8123-456789abcdef".parse().unwrap();
        let start = Entry::Start { id, version: Version::Latest };
        assert_eq!(text(start), [format!("START RequestId: {id} Version: $LATEST")]);
        let late = Entry::TimedOut { at: Timestamp(1_700_000_000_123), id, after: Duration::from_secs(3) };
        assert_eq!(text(late), [format!("2023-11-14T22:13:20.123Z {id} Task timed out after 3.00 seconds")]);
        let crashed = Entry::Crashed {
            id,
            text: "Runtime exited with error: exit status 1".to_owned(),
            error_type: "Runtime.ExitError",
        };
        let error = format!("RequestId: {id} Error: Runtime exited with error: exit status 1");
        assert_eq!(text(crashed), [error.as_str(), "Runtime.ExitError"]);
        let init = Entry::InitReport {
            duration: Duration::from_secs(10),
            phase: InitPhase::Init,
            status: Status::Timeout,
        };
        assert_eq!(text(init), ["INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout"]);
    }
}
