//! Logs in JSON: which events and lines are there at which level.

use crate::simulation::Guest;
use crate::story::{Story, event, failure, success};
use crate::{EnvironmentSpec, Invocation, LogFormat, LogLevel, LogTail, Logging};
use serde_json::Value;

async fn talkative(mut guest: Guest) -> i32 {
    guest.print("loading\n").await.unwrap();
    while let Ok(work) = guest.next().await {
        for level in ["DEBUG", "ERROR"] {
            let record = format!(
                "{{\"level\": \"{level}\", \"timestamp\": \"2026-11-24T00:00:00Z\", \"message\": \"two\\nlines\"}}\n"
            );
            guest.print(record).await.unwrap();
        }
        guest.print("printed\n").await.unwrap();
        match work.body.as_ref() {
            b"\"fail\"" => drop(guest.fail(&work.id(), "ValueError", "{}").await),
            b"\"exit\"" => return 256,
            _ => drop(guest.respond(&work.id(), work.body).await),
        }
    }
    0
}

/// The names of events and records, in order.
async fn log_of(levels: (Option<LogLevel>, Option<LogLevel>), events: &[&str]) -> Vec<String> {
    let story = Story::of(talkative);
    let (application_level, system_level) = levels;
    let logging = Logging { format: LogFormat::Json, application_level, system_level };
    let environment = story.worker.start(EnvironmentSpec { logging, ..story.spec() }).await.unwrap();
    for payload in events {
        environment.invoke(event(payload)).await;
    }
    story.end().await.iter().map(|line| name_of(line)).collect()
}

fn name_of(line: &str) -> String {
    let Ok(record) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    let name = record.get("type").or(record.get("level")).and_then(Value::as_str).unwrap_or_default();
    name.replace("platform.", "")
}

#[tokio::test(start_paused = true)]
async fn the_levels_are_info_where_none_is_chosen() {
    let log = log_of((None, None), &["1"]).await;
    assert_eq!(log, ["initStart", "loading", "start", "ERROR", "printed", "report"]);
}

#[tokio::test(start_paused = true)]
async fn debug_tells_all() {
    let log = log_of((Some(LogLevel::Debug), Some(LogLevel::Debug)), &["1"]).await;
    let expected =
        [["initStart", "loading", "initRuntimeDone", "initReport"], ["start", "DEBUG", "ERROR", "printed"]];
    assert_eq!(log, [&expected.concat()[..], &["runtimeDone", "report"]].concat());
}

#[tokio::test(start_paused = true)]
async fn warn_tells_what_went_wrong_only() {
    let levels = (Some(LogLevel::Warn), Some(LogLevel::Warn));
    assert_eq!(log_of(levels, &["1"]).await, ["ERROR"]);
    assert_eq!(log_of(levels, &["\"fail\""]).await, ["ERROR", "runtimeDone", "report"]);
    // The second ERROR is the platform's explanation.
    assert_eq!(log_of(levels, &["\"exit\""]).await, ["ERROR", "ERROR", "runtimeDone", "report"]);
}

#[tokio::test(start_paused = true)]
async fn a_tail_has_the_events_too() {
    let story = Story::of(talkative);
    let logging = Logging { format: LogFormat::Json, ..Logging::default() };
    let environment = story.worker.start(EnvironmentSpec { logging, ..story.spec() }).await.unwrap();
    let outcome = environment.invoke(Invocation { log_tail: LogTail::Wanted, ..event("1") }).await;
    assert_eq!(success(&outcome.answer), "1");
    let tail = String::from_utf8(outcome.log_tail.unwrap()).unwrap();
    let names: Vec<_> = tail.lines().map(name_of).collect();
    assert_eq!(names, ["start", "ERROR", "printed", "report"]);
    let outcome = environment.invoke(event("\"fail\"")).await;
    assert_eq!(failure(&outcome.answer).0, "ValueError");
    story.end().await;
}
