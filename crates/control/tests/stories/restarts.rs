//! What is there after a crash.

use crate::words::code;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Activate, Platform, Setup, zip, zip_of};

fn on_demand() -> Setup {
    Setup { activate: Activate::OnDemand, ..Setup::default() }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("a")).await.ok();
    platform.create(platform.minimal("b")).await.ok();
    platform.update_code("b", code(b"new")).await.ok();
    platform.settled("b").await;
    let before = [platform.configuration("a").await.json(), platform.configuration("b").await.json()];
    let usage = platform.usage().await;
    let link = platform.get("a").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();

    let platform = platform.restart(Setup { seed: 2, ..Setup::default() }).await;
    let after = [platform.configuration("a").await.json(), platform.configuration("b").await.json()];
    assert_eq!(before, after);
    assert_eq!(usage, (2, (zip_of("a").len() + zip(b"new").len()) as u64));
    assert_eq!(platform.usage().await, usage);
    assert_eq!((platform.sweep().await, platform.blobs()), (1, 2));
    let path = link.splitn(4, '/').nth(3).unwrap();
    assert_eq!(platform.client.fetch(&format!("http://host/{path}")).await.status.as_u16(), 403);
}

#[tokio::test]
async fn what_was_under_way_goes_on_after_a_crash() {
    let platform = Platform::with(on_demand()).await;
    platform.create(platform.minimal("echo")).await.ok();
    let platform = platform.restart(on_demand()).await;
    assert_eq!(platform.configuration("echo").await.ok().json()["State"], "Pending");
    platform.activate();
    platform.settled("echo").await;
}

#[tokio::test]
async fn a_change_waits_five_seconds_at_most() {
    let platform = Platform::with(on_demand()).await;
    platform.create(platform.minimal("echo")).await.ok();
    let (refused, ()) = tokio::join!(platform.update_configuration("echo", json!({"Timeout": 5})), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        platform.pass(Duration::from_secs(6)).await;
    });
    let message = "The operation cannot be performed at this time. An update is in progress for resource: \
                   arn:aws:lambda:us-east-1:000000000000:function:echo";
    assert_eq!(refused.error(), (409, "ResourceConflictException".to_owned(), message.to_owned()));
    platform.delete("echo").await.ok();
    assert_eq!(platform.list("").await.ok().json()["Functions"], Value::Array(Vec::new()));
}
