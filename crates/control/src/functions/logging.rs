//! LoggingConfig: what a function's log lines look like, which of them are kept, and where.

use crate::messages;
use api::lambda::LoggingConfig;
use store::records::{LogFormat, LogLevel, LoggingRecord};
use types::{FunctionName, ServiceError};

/// What was sent takes the place of what was there; the rest stays. Levels go with JSON: where it is chosen they are INFO
/// unless others are given, and where text is chosen they go. Source: recorded on UpdateFunctionConfiguration with a part
/// of a LoggingConfig, and "Log-level filtering" in the developer guide.
pub(super) fn chosen(
    old: &LoggingRecord,
    asked: Option<&LoggingConfig>,
    name: &FunctionName,
) -> Result<LoggingRecord, ServiceError> {
    let Some(asked) = asked else { return Ok(old.clone()) };
    let levels = (level(asked.application_log_level.as_deref()), level(asked.system_log_level.as_deref()));
    let format = asked.log_format.as_deref().map(format);
    let group = match asked.log_group.as_deref() {
        Some(group) => Some(group.to_owned()).filter(|group| *group != name.log_group()),
        None => old.group.clone(),
    };
    match (format.unwrap_or(old.format), format) {
        (LogFormat::Text, _) if levels != (None, None) => Err(messages::logging::level_of_text()),
        (LogFormat::Text, _) => Ok(LoggingRecord { group, ..LoggingRecord::default() }),
        (LogFormat::Json, Some(_)) => Ok(LoggingRecord {
            format: LogFormat::Json,
            group,
            application_level: levels.0.or(Some(LogLevel::Info)),
            system_level: levels.1.or(Some(LogLevel::Info)),
        }),
        (LogFormat::Json, None) => Ok(LoggingRecord {
            format: LogFormat::Json,
            group,
            application_level: levels.0.or(old.application_level),
            system_level: levels.1.or(old.system_level),
        }),
    }
}

/// A function's choice, as the API shows it.
pub(super) fn show(record: &LoggingRecord, name: &FunctionName) -> LoggingConfig {
    let format = match record.format {
        LogFormat::Text => "Text",
        LogFormat::Json => "JSON",
    };
    LoggingConfig {
        log_format: Some(format.to_owned()),
        application_log_level: record.application_level.map(|level| text(level).to_owned()),
        system_log_level: record.system_level.map(|level| text(level).to_owned()),
        log_group: Some(record.group.clone().unwrap_or_else(|| name.log_group())),
    }
}

/// The constraints of the API let no other text through.
fn format(text: &str) -> LogFormat {
    if text == "JSON" { LogFormat::Json } else { LogFormat::Text }
}

const LEVELS: [LogLevel; 6] =
    [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error, LogLevel::Fatal];

/// The constraints of the API let no other text through.
fn level(asked: Option<&str>) -> Option<LogLevel> {
    asked.and_then(|asked| LEVELS.into_iter().find(|level| text(*level) == asked))
}

fn text(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "TRACE",
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warn => "WARN",
        LogLevel::Error => "ERROR",
        LogLevel::Fatal => "FATAL",
    }
}
