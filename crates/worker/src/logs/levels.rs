//! Which of a function's own lines matter enough to be kept.
//!
//! Source: "Log-level filtering" in the developer guide: a line that is a JSON object with a known "level" and a "timestamp" of
//! RFC 3339 has that level; all others, and what is no JSON at all, count as INFO.

use crate::{LogFormat, LogLevel, Logging};
use serde::Deserialize;

/// Whether a line is kept. The text format keeps all.
pub(super) fn keeps(logging: Logging, line: &str) -> bool {
    if logging.format == LogFormat::Text {
        return true;
    }
    match logging.application_level.unwrap_or_default() {
        LogLevel::Trace => true,
        least => level_of(line) >= least,
    }
}

/// What counts of a record. Members that are there twice or have other types make it none.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    level: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    timestamp: std::borrow::Cow<'a, str>,
}

fn level_of(line: &str) -> LogLevel {
    if !line.starts_with('{') {
        return LogLevel::Info;
    }
    let Ok(record) = serde_json::from_str::<Record<'_>>(line) else { return LogLevel::Info };
    if chrono::DateTime::parse_from_rfc3339(&record.timestamp).is_err() {
        return LogLevel::Info;
    }
    named(&record.level).unwrap_or_default()
}

/// A level by any of the names that the managed runtimes' loggers have for it.
fn named(name: &str) -> Option<LogLevel> {
    Some(match name.to_ascii_uppercase().as_str() {
        "TRACE" => LogLevel::Trace,
        "DEBUG" => LogLevel::Debug,
        "INFO" => LogLevel::Info,
        "WARN" | "WARNING" => LogLevel::Warn,
        "ERROR" => LogLevel::Error,
        "FATAL" | "CRITICAL" => LogLevel::Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(level: LogLevel) -> Logging {
        Logging { format: LogFormat::Json, application_level: Some(level), system_level: None }
    }

    #[test]
    fn records_have_the_level_that_they_name() {
        let record = |level: &str| {
            format!("{{\"level\": \"{level}\", \"timestamp\": \"2024-11-02T16:51:31.587199Z\"}}\n")
        };
        for (name, level) in [
            ("trace", LogLevel::Trace),
            ("debug", LogLevel::Debug),
            ("WARNING", LogLevel::Warn),
            ("Error", LogLevel::Error),
            ("CRITICAL", LogLevel::Fatal),
            ("chatty", LogLevel::Info),
        ] {
            assert_eq!(level_of(&record(name)), level, "{name}");
        }
        assert!(!keeps(json(LogLevel::Info), &record("DEBUG")));
        assert!(keeps(json(LogLevel::Debug), &record("DEBUG")));
        assert!(keeps(Logging::default(), &record("TRACE")));
    }

    #[test]
    fn everything_else_counts_as_info() {
        for line in [
            "plain\n",
            "{\"level\": \"ERROR\"}\n",
            "{\"level\": \"ERROR\", \"timestamp\": \"yesterday\"}\n",
            "{\"level\": 3, \"timestamp\": \"2024-11-02T16:51:31Z\"}\n",
            "{\"level\": \"ERROR\", \"timestamp\": \"2024-11-02T16:51:31Z\"\n",
            "[\"level\"]\n",
        ] {
            assert_eq!(level_of(line), LogLevel::Info, "{line}");
        }
        assert!(keeps(json(LogLevel::Info), "plain\n") && !keeps(json(LogLevel::Warn), "plain\n"));
    }
}
