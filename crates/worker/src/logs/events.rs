//! The JSON format of the platform's lines: one event each, of those that matter enough.
//!
//! Source of the shapes: "Lambda Telemetry API Event schema reference" in the developer guide; of the levels: "System log level
//! event mapping" under "Log-level filtering", as remembered: of what the page says only "By default, Lambda sets the system log
//! level to INFO. With this setting, Lambda automatically sends start and report log messages" was read again. The text that
//! explains a time-out or a crash has no event there: it is ours, in the shape of an application's record.

use super::entry::{Entry, InitPhase, Report, Status};
use super::text::{Iso, megabytes};
use crate::LogLevel;
use serde::Serialize;
use std::time::Duration;
use types::{RequestId, Timestamp};

/// The events of an entry that are at least of this level, each with its line break.
pub(super) fn lines(
    entry: Entry,
    at: Timestamp,
    peak_bytes: u64,
    level: LogLevel,
    mut line: impl FnMut(String),
) {
    let mut put = |event: LogLevel, text: String| {
        if event >= level {
            line(text);
        }
    };
    match entry {
        Entry::Output(text) => put(LogLevel::Fatal, text),
        start @ Entry::InitStart { .. } => put(LogLevel::Info, init_start(start, at)),
        Entry::InitReport { duration, phase, status } => {
            let importance = important_if_bad(&status, LogLevel::Debug);
            put(importance, init_runtime_done(at, phase, &status));
            put(importance, init_report(at, duration, phase, &status));
        }
        Entry::Start { id, version } => {
            let record = Start { request_id: id, version: version.to_string() };
            put(LogLevel::Info, event("platform.start", at, record));
        }
        Entry::TimedOut { at, id, after } => {
            let message = format!("Task timed out after {:.2} seconds", after.as_secs_f64());
            put(LogLevel::Error, explanation(at, id, &message, "Sandbox.Timedout"));
        }
        Entry::Crashed { id, text, error_type } => {
            put(LogLevel::Error, explanation(at, id, &text, error_type));
        }
        Entry::End(end) => {
            put(important_if_bad(&end.status, LogLevel::Debug), runtime_done(at, &end));
            put(important_if_bad(&end.status, LogLevel::Info), report(at, &end, peak_bytes));
        }
    }
}

fn important_if_bad(status: &Status, otherwise: LogLevel) -> LogLevel {
    if *status == Status::Success { otherwise } else { LogLevel::Warn }
}

fn init_start(entry: Entry, at: Timestamp) -> String {
    let Entry::InitStart { runtime, arn, function, version, environment, memory } = entry else {
        return String::new();
    };
    let record = InitStart {
        initialization_type: ON_DEMAND,
        phase: phase_name(InitPhase::Init),
        runtime_version: runtime,
        runtime_version_arn: arn,
        function_name: function.to_string(),
        function_version: version.to_string(),
        instance_id: environment.to_string(),
        instance_max_memory: memory.bytes(),
    };
    event("platform.initStart", at, record)
}

fn init_runtime_done(at: Timestamp, phase: InitPhase, status: &Status) -> String {
    let record =
        InitRuntimeDone { initialization_type: ON_DEMAND, phase: phase_name(phase), status: status.into() };
    event("platform.initRuntimeDone", at, record)
}

fn init_report(at: Timestamp, duration: Duration, phase: InitPhase, status: &Status) -> String {
    let record = InitReport {
        initialization_type: ON_DEMAND,
        phase: phase_name(phase),
        status: status.into(),
        metrics: InitMetrics { duration_ms: millis(duration) },
    };
    event("platform.initReport", at, record)
}

fn runtime_done(at: Timestamp, end: &Report) -> String {
    let metrics =
        DoneMetrics { duration_ms: millis(end.timings.duration), produced_bytes: end.produced_bytes };
    let record = RuntimeDone { request_id: end.id, status: (&end.status).into(), metrics };
    event("platform.runtimeDone", at, record)
}

fn report(at: Timestamp, end: &Report, peak_bytes: u64) -> String {
    let metrics = ReportMetrics {
        duration_ms: millis(end.timings.duration),
        billed_duration_ms: end.timings.billed_millis(),
        memory_size_mb: end.memory.get(),
        max_memory_used_mb: megabytes(peak_bytes),
        init_duration_ms: end.timings.init.map(millis),
    };
    let record = ReportRecord { request_id: end.id, metrics, status: (&end.status).into() };
    event("platform.report", at, record)
}

fn explanation(at: Timestamp, id: RequestId, message: &str, error_type: &str) -> String {
    let timestamp = Iso(at).to_string();
    written(&Explanation { timestamp, level: LogLevel::Error.name(), message, error_type, request_id: id })
}

fn event(kind: &'static str, at: Timestamp, record: impl Serialize) -> String {
    written(&Event { time: Iso(at).to_string(), kind, record })
}

fn written(value: &impl Serialize) -> String {
    // Nothing in these structs can fail to be written: no maps, no numbers that JSON lacks.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Environments are started for invocations only.
const ON_DEMAND: &str = "on-demand";

fn phase_name(phase: InitPhase) -> &'static str {
    if phase == InitPhase::Init { "init" } else { "invoke" }
}

fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

#[derive(Serialize)]
struct Event<R> {
    time: String,
    #[serde(rename = "type")]
    kind: &'static str,
    record: R,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitStart {
    initialization_type: &'static str,
    phase: &'static str,
    runtime_version: String,
    runtime_version_arn: String,
    function_name: String,
    function_version: String,
    instance_id: String,
    instance_max_memory: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitRuntimeDone<'a> {
    initialization_type: &'static str,
    phase: &'static str,
    #[serde(flatten)]
    status: StatusMembers<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitReport<'a> {
    initialization_type: &'static str,
    phase: &'static str,
    #[serde(flatten)]
    status: StatusMembers<'a>,
    metrics: InitMetrics,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitMetrics {
    duration_ms: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    #[serde(serialize_with = "as_text")]
    request_id: RequestId,
    version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeDone<'a> {
    #[serde(serialize_with = "as_text")]
    request_id: RequestId,
    #[serde(flatten)]
    status: StatusMembers<'a>,
    metrics: DoneMetrics,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DoneMetrics {
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    produced_bytes: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportRecord<'a> {
    #[serde(serialize_with = "as_text")]
    request_id: RequestId,
    metrics: ReportMetrics,
    #[serde(flatten)]
    status: StatusMembers<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportMetrics {
    duration_ms: f64,
    billed_duration_ms: u64,
    #[serde(rename = "memorySizeMB")]
    memory_size_mb: u32,
    #[serde(rename = "maxMemoryUsedMB")]
    max_memory_used_mb: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_duration_ms: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusMembers<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
}

impl<'a> From<&'a Status> for StatusMembers<'a> {
    fn from(status: &'a Status) -> Self {
        let (status, error_type) = match status {
            Status::Success => ("success", None),
            Status::Timeout => ("timeout", None),
            Status::Error(kind) => ("error", Some(kind.as_ref())),
            Status::Reported(kind) => ("error", Some(kind.as_str())),
        };
        Self { status, error_type }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation<'a> {
    timestamp: String,
    level: &'static str,
    message: &'a str,
    error_type: &'a str,
    #[serde(serialize_with = "as_text")]
    request_id: RequestId,
}

fn as_text<S: serde::Serializer>(id: &RequestId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timings;
    use serde_json::{Value, json};
    use types::{MemoryMb, Version};

    const ID: &str = "01234567-89ab-4def-8123-456789abcdef";

    fn events(entry: Entry, level: LogLevel) -> Vec<Value> {
        let mut all = Vec::new();
        lines(entry, Timestamp(1_700_000_000_123), 31 << 20, level, |line| {
            assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "one line: {line:?}");
            all.push(serde_json::from_str(&line).expect("JSON"));
        });
        all
    }

    fn end(status: Status) -> Entry {
        Entry::End(Report {
            id: ID.parse().unwrap(),
            timings: Timings {
                duration: Duration::from_micros(1234),
                init: Some(Duration::from_micros(45_678)),
            },
            memory: MemoryMb::default(),
            status,
            produced_bytes: Some(16),
        })
    }

    #[test]
    fn an_invocation_is_told_in_the_shapes_of_the_telemetry_api() {
        let start = Entry::Start { id: ID.parse().unwrap(), version: Version::Latest };
        let time = "2023-11-14T22:13:20.123Z";
        let expected = json!({
            "time": time, "type": "platform.start", "record": {"requestId": ID, "version": "$LATEST"},
        });
        assert_eq!(events(start, LogLevel::Info), [expected]);
        let done = json!({
            "time": time, "type": "platform.runtimeDone",
            "record": {"requestId": ID, "status": "success", "metrics": {"durationMs": 1.234, "producedBytes": 16}},
        });
        let report = json!({
            "time": time, "type": "platform.report",
            "record": {
                "requestId": ID, "status": "success",
                "metrics": {
                    "durationMs": 1.234, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 31,
                    "initDurationMs": 45.678,
                },
            },
        });
        assert_eq!(events(end(Status::Success), LogLevel::Debug), [done, report]);
    }

    fn kinds(entry: &Entry, level: LogLevel) -> Vec<String> {
        let name = |event: &Value| event["type"].as_str().unwrap_or("explanation").replace("platform.", "");
        events(entry.clone(), level).iter().map(name).collect()
    }

    #[test]
    fn what_goes_wrong_matters_more() {
        let init = |status| Entry::InitReport { duration: Duration::ZERO, phase: InitPhase::Init, status };
        let id = ID.parse().unwrap();
        let [none, start, report, done, both, init_both, explained] = [
            &[][..],
            &["start"],
            &["report"],
            &["runtimeDone", "report"],
            &["runtimeDone", "report"],
            &["initRuntimeDone", "initReport"],
            &["explanation"],
        ];
        let bad = || Status::Error("Runtime.ExitError".into());
        let late = Entry::TimedOut { at: Timestamp(0), id, after: Duration::from_secs(3) };
        for (entry, debug, info, warn) in [
            (Entry::Start { id, version: Version::Latest }, start, start, none),
            (end(Status::Success), done, report, none),
            (end(Status::Timeout), both, both, both),
            (end(bad()), both, both, both),
            (end(Status::Reported("ValueError".to_owned())), both, both, both),
            (init(Status::Success), init_both, none, none),
            (init(bad()), init_both, init_both, init_both),
            (late, explained, explained, explained),
        ] {
            for (level, expected) in
                [(LogLevel::Debug, debug), (LogLevel::Info, info), (LogLevel::Warn, warn)]
            {
                assert_eq!(kinds(&entry, level), expected, "{entry:?} at {level:?}");
            }
        }
    }

    #[test]
    fn statuses_and_explanations_have_their_error_types() {
        let reported = &events(end(Status::Reported("ValueError".to_owned())), LogLevel::Info)[1]["record"];
        assert_eq!((&reported["status"], &reported["errorType"]), (&json!("error"), &json!("ValueError")));
        let late = &events(end(Status::Timeout), LogLevel::Info)[1]["record"];
        assert_eq!((&late["status"], late.get("errorType")), (&json!("timeout"), None));
        let text = "Runtime exited with error: exit status 1".to_owned();
        let crash = Entry::Crashed { id: ID.parse().unwrap(), text, error_type: "Runtime.ExitError" };
        let expected = json!({
            "timestamp": "2023-11-14T22:13:20.123Z", "level": "ERROR", "requestId": ID,
            "message": "Runtime exited with error: exit status 1", "errorType": "Runtime.ExitError",
        });
        assert_eq!(events(crash, LogLevel::Warn), [expected]);
    }
}
