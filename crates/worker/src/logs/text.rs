//! The text format of the platform's lines.
//!
//! Source: "Lambda function logs" and "Understanding the Lambda execution environment lifecycle" in the Lambda developer
//! guide.

use super::entry::{Entry, InitPhase, Report, Status};
use std::fmt::{self, Write as _};
use std::time::Duration;
use types::Timestamp;

/// The lines of an entry, each with its line break.
pub(super) fn lines(entry: Entry, peak_bytes: u64, mut line: impl FnMut(String)) {
    match entry {
        Entry::Output(text) => line(text),
        Entry::InitStart { runtime, arn, .. } => {
            line(format!("INIT_START Runtime Version: {runtime}\tRuntime Version ARN: {arn}\n"));
        }
        // Nothing is said about an initialisation that went well: the first REPORT has its duration.
        Entry::InitReport { status: Status::Success, .. } => {}
        Entry::InitReport { duration, phase, status } => line(format!(
            "INIT_REPORT Init Duration: {:.2} ms\tPhase: {}\t{status}\n",
            millis(duration),
            if phase == InitPhase::Init { "init" } else { "invoke" },
        )),
        Entry::Start { id, version } => line(format!("START RequestId: {id} Version: {version}\n")),
        Entry::TimedOut { at, id, after } => {
            line(format!("{} {id} Task timed out after {:.2} seconds\n", Iso(at), after.as_secs_f64()));
        }
        Entry::Crashed { id, text, error_type } => {
            line(format!("RequestId: {id} Error: {text}\n"));
            line(format!("{error_type}\n"));
        }
        Entry::End(report) => {
            line(format!("END RequestId: {}\n", report.id));
            line(report_line(&report, peak_bytes));
        }
    }
}

fn report_line(report: &Report, peak_bytes: u64) -> String {
    let mut text = format!(
        "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        report.id,
        millis(report.timings.duration),
        report.timings.billed_millis(),
        report.memory.get(),
        megabytes(peak_bytes),
    );
    if let Some(init) = report.timings.init {
        // Writing to a String can't fail.
        let _ = write!(text, "Init Duration: {:.2} ms\t", millis(init));
    }
    let _ = writeln!(text, "{}", report.status);
    text
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success | Self::Reported(_) => Ok(()),
            Self::Timeout => f.write_str("Status: timeout"),
            Self::Error(kind) => write!(f, "Status: error\tError Type: {kind}"),
        }
    }
}

/// Whole megabytes, the begun one counted.
pub(super) fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A time as `2026-11-24T06:35:00.000Z`.
pub(super) struct Iso(pub(super) Timestamp);

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
    use crate::Timings;
    use types::{MemoryMb, Version};

    fn text(entry: Entry) -> Vec<String> {
        let mut all = Vec::new();
        lines(entry, 31 << 20, |line| {
            all.push(line.strip_suffix('\n').expect("each line has its line break").to_owned());
        });
        all
    }

    fn report(status: Status, init: Option<Duration>) -> Entry {
        Entry::End(Report {
            id: "01234567-89ab-4def-8123-456789abcdef".parse().unwrap(),
            timings: Timings { duration: Duration::from_micros(1234), init },
            memory: MemoryMb::default(),
            status,
            produced_bytes: None,
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
        assert_eq!(text(report(Status::Reported("ValueError".to_owned()), None))[1], fixed);
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
