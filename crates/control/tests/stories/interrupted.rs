//! Calls that end in the middle, at every point at which they wait.

use crate::words::code;
use serde_json::json;
use std::time::Duration;
use testkit::Platform;

/// More than any of the calls is polled.
const POLLS: usize = 12;

/// What is stored, counted and on the disk agree once everything that was under way is over.
async fn agrees(platform: &Platform) {
    let mut left = None;
    for _ in 0..4000 {
        let functions = platform.functions().await;
        let size = functions.iter().map(|f| f.code.size).sum();
        let settled = functions.iter().all(store_is_settled);
        left = Some((platform.blobs_after_sweep().await, platform.usage().await, functions.len(), size));
        if settled && left == Some((functions.len(), (functions.len() as u64, size), functions.len(), size)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("blobs, usage, functions, bytes: {left:?}");
}

fn store_is_settled(function: &store::records::FunctionRecord) -> bool {
    function.is_settled()
}

#[tokio::test]
async fn a_creation_happens_whole_or_not_at_all() {
    let platform = Platform::start().await;
    let mut created = 0;
    for polls in 0..POLLS {
        platform.interruption.after(polls);
        let answer = platform.create(platform.minimal("echo")).await;
        agrees(&platform).await;
        platform.interruption.never();
        let stored = platform.functions().await.len();
        assert!(stored == 1 || !answer.status.is_success(), "answered and not stored");
        created += stored;
        let audited = platform.audit().await;
        let succeeded = audited.iter().filter(|r| r.event_name == "CreateFunction" && is_success(r)).count();
        assert_eq!(succeeded, created, "each function that was created has its record");
        platform.delete("echo").await;
        agrees(&platform).await;
    }
    assert!(created > 0 && created < POLLS, "{created}");
    assert_eq!(platform.sweep().await, 0);
}

fn is_success(record: &telemetry::audit::Record) -> bool {
    record.outcome == telemetry::audit::Outcome::Succeeded
}

#[tokio::test]
async fn an_update_happens_whole_or_not_at_all() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    for polls in 0..POLLS {
        platform.interruption.after(polls);
        platform.update_code("echo", code(format!("{polls}").as_bytes())).await;
        agrees(&platform).await;
        platform.update_configuration("echo", json!({"Timeout": polls + 1})).await;
        agrees(&platform).await;
        platform.interruption.never();
        let location =
            platform.get("echo").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();
        platform.client.fetch(&location).await.ok();
    }
    assert_eq!(platform.sweep().await, 0);
}

#[tokio::test]
async fn a_deletion_happens_whole_or_not_at_all() {
    let platform = Platform::start().await;
    for polls in 0..POLLS {
        platform.create(platform.minimal("echo")).await;
        platform.interruption.after(polls);
        platform.delete("echo").await;
        platform.interruption.never();
        agrees(&platform).await;
    }
    platform.delete("echo").await;
    assert_eq!((platform.blobs_after_sweep().await, platform.sweep().await), (0, 0));
}
