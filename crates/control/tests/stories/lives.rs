//! The life of a function through the API: what is answered, stored and counted.

use crate::words::{base64, code, invalid};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Activate, Platform, Setup, zip, zip_of};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

#[tokio::test]
async fn a_function_lives_from_creation_to_deletion() {
    let platform = Platform::start().await;
    let created = platform.create(platform.minimal("echo")).await;
    assert_eq!(created.status.as_u16(), 201);
    platform.settled("echo").await;
    let shown = platform.get("echo").await.ok().json();
    assert_eq!(shown["Configuration"]["FunctionArn"], ARN);
    assert_eq!(shown["Code"]["RepositoryType"], "S3");
    let listed = platform.list("").await.ok().json();
    assert_eq!(listed["Functions"].as_array().unwrap().len(), 1);
    assert_eq!(listed["NextMarker"], Value::Null);

    let updated = platform.update_code("echo", code(b"new")).await.ok().json();
    assert_eq!(updated["LastUpdateStatus"], "InProgress");
    assert_ne!(updated["CodeSha256"], shown["Configuration"]["CodeSha256"]);
    assert_ne!(updated["RevisionId"], shown["Configuration"]["RevisionId"]);
    let change = json!({"Timeout": 9, "MemorySize": 256, "Description": "d", "Environment": {"Variables": {"KEY": "b"}}});
    let updated = platform.update_configuration("echo", change).await.ok().json();
    assert_eq!((&updated["Timeout"], &updated["MemorySize"]), (&json!(9), &json!(256)));
    platform.settled("echo").await;
    let shown = platform.configuration("echo").await.ok().json();
    assert_eq!(shown["Environment"], json!({"Variables": {"KEY": "b"}}));
    assert_eq!((&shown["Handler"], &shown["Description"]), (&json!("app.handler"), &json!("d")));

    let deleted = platform.delete("echo").await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    let missing = (404, "ResourceNotFoundException".to_owned(), format!("Function not found: {ARN}"));
    assert_eq!(platform.get("echo").await.error(), missing);
    assert_eq!(platform.configuration("echo").await.error(), missing);
    assert_eq!(platform.delete("echo").await.error(), missing);
    assert_eq!(platform.update_code("echo", code(b"x")).await.error(), missing);
    assert_eq!(platform.update_configuration("echo", json!({})).await.error(), missing);
    assert_eq!((platform.blobs_after_sweep().await, platform.usage().await), (0, (0, 0)));
}

#[tokio::test]
async fn a_function_is_pending_until_it_is_active() {
    let platform = Platform::with(Setup { activate: Activate::OnDemand, ..Setup::default() }).await;
    let created = platform.create(platform.minimal("echo")).await.ok().json();
    assert_eq!((&created["State"], &created["StateReasonCode"]), (&json!("Pending"), &json!("Creating")));
    assert_eq!(created["LastUpdateStatus"], Value::Null);
    assert_eq!(platform.configuration("echo").await.ok().json()["State"], "Pending");
    platform.activate();
    platform.settled("echo").await;
    let shown = platform.configuration("echo").await.ok().json();
    assert_eq!((&shown["StateReason"], &shown["StateReasonCode"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_change_waits_for_the_one_under_way() {
    let platform = Platform::with(Setup { activate: Activate::OnDemand, ..Setup::default() }).await;
    platform.create(platform.minimal("echo")).await.ok();
    let change = platform.update_configuration("echo", json!({"Timeout": 9}));
    let (changed, ()) = tokio::join!(change, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(platform.configuration("echo").await.ok().json()["Timeout"], 3);
        platform.activate();
    });
    assert_eq!(changed.ok().json()["Timeout"], 9);
}

#[tokio::test]
async fn concurrent_changes_all_happen() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    let change = |change: Value| platform.update_configuration("echo", change);
    let answers = tokio::join!(
        change(json!({"Timeout": 9})),
        change(json!({"MemorySize": 512})),
        change(json!({"Description": "d"})),
        change(json!({"Handler": "a.b"})),
        platform.update_code("echo", code(b"1")),
        platform.update_code("echo", code(b"2")),
    );
    for answer in [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5] {
        answer.ok();
    }
    let shown = platform.configuration("echo").await.ok().json();
    assert_eq!((&shown["Timeout"], &shown["MemorySize"]), (&json!(9), &json!(512)));
    assert_eq!((&shown["Description"], &shown["Handler"]), (&json!("d"), &json!("a.b")));
    assert_eq!(platform.blobs_after_sweep().await, 1);
    assert_eq!(platform.usage().await, (1, zip(b"1").len() as u64));
}

#[tokio::test]
async fn a_stale_revision_changes_nothing() {
    let platform = Platform::with_function("echo").await;
    let before = platform.configuration("echo").await.ok().json();
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    let stale = (412, "PreconditionFailedException".to_owned(), message.to_owned());
    for revision in ["b1b2b3b4-0000-4000-8000-000000000000", "x"] {
        let change = json!({"RevisionId": revision, "Timeout": 9});
        assert_eq!(platform.update_configuration("echo", change).await.error(), stale);
        let change = json!({"RevisionId": revision, "ZipFile": base64(&zip(b"x"))});
        assert_eq!(platform.update_code("echo", change).await.error(), stale);
    }
    assert_eq!(platform.configuration("echo").await.ok().json(), before);
    let change = json!({"RevisionId": before["RevisionId"], "Timeout": 9});
    let changed = platform.update_configuration("echo", change.clone()).await.ok().json();
    assert_ne!(changed["RevisionId"], before["RevisionId"]);
    assert_eq!(platform.update_configuration("echo", change).await.error(), stale);
}

#[tokio::test]
async fn a_dry_run_of_a_code_update_changes_nothing() {
    let platform = Platform::with_function("echo").await;
    let before = platform.configuration("echo").await.ok().json();
    let dry = json!({"ZipFile": base64(&zip(b"other")), "DryRun": true});
    let shown = platform.update_code("echo", dry).await.ok().json();
    assert_ne!(shown["CodeSha256"], before["CodeSha256"]);
    assert_eq!(shown["CodeSize"], zip(b"other").len());
    assert_eq!(platform.configuration("echo").await.ok().json(), before);
    assert_eq!(platform.blobs_after_sweep().await, 1);
    let bad = json!({"ZipFile": base64(b"no zip"), "DryRun": true});
    assert_eq!(platform.update_code("echo", bad).await.status.as_u16(), 400);
}

#[tokio::test]
async fn the_same_zip_again_is_a_change_like_any_other() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    let before = platform.configuration("echo").await.ok().json();
    let same = json!({"ZipFile": base64(&zip_of("echo"))});
    let after = platform.update_code("echo", same).await.ok().json();
    assert_eq!(after["CodeSha256"], before["CodeSha256"]);
    assert_ne!(after["RevisionId"], before["RevisionId"]);
    assert_eq!(platform.blobs_after_sweep().await, 1);
}

#[tokio::test]
async fn the_location_downloads_exactly_the_zip_and_nothing_else() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    let location = platform.get("echo").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();
    let download = platform.client.fetch(&location).await.ok();
    assert_eq!(download.body, zip_of("echo"));
    assert_eq!(download.header("content-type"), "application/zip");

    platform.create(platform.minimal("other")).await.ok();
    let other = platform.get("other").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();
    let query = |link: &str| link.split_once('?').unwrap().1.to_owned();
    let swapped = location.replace(&query(&location), &query(&other));
    let longer = location.replace("X-Amz-Expires=600", "X-Amz-Expires=6000");
    let cut = location.split_once('?').unwrap().0.to_owned();
    let mut forged = location.clone();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    for tampered in [swapped, longer, cut, forged] {
        assert_eq!(platform.client.fetch(&tampered).await.status.as_u16(), 403, "{tampered}");
    }
    platform.clock.advance(Duration::from_secs(599));
    platform.client.fetch(&location).await.ok();
    platform.clock.advance(Duration::from_secs(2));
    assert_eq!(platform.client.fetch(&location).await.status.as_u16(), 403);
    let fresh = platform.get("echo").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();
    platform.delete("echo").await.ok();
    platform.sweep().await;
    assert_eq!(platform.client.fetch(&fresh).await.status.as_u16(), 403);
}

#[tokio::test]
async fn every_form_of_the_name_finds_the_function() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    for name in ["echo", "function:echo", "000000000000:function:echo", ARN] {
        let shown = platform.configuration(name).await.ok().json();
        assert_eq!(shown["FunctionArn"], ARN, "{name}");
        let latest = platform.configuration(&format!("{name}:$LATEST")).await.ok().json();
        assert_eq!(latest["FunctionArn"], format!("{ARN}:$LATEST"), "{name}");
    }
    let target = "/2015-03-31/functions/echo/configuration?Qualifier=%24LATEST";
    let shown = platform.call(Method::GET, target, Value::Null).await.ok().json();
    assert_eq!(shown["FunctionArn"], format!("{ARN}:$LATEST"));
    let target = "/2015-03-31/functions/echo:1/configuration?Qualifier=2";
    let message = "The derived qualifier from the function name does not match the specified qualifier.";
    assert_eq!(platform.call(Method::GET, target, Value::Null).await.error(), invalid(message));
    let missing = platform.configuration("echo:7").await.error();
    assert_eq!((missing.0, missing.2), (404, format!("Function not found: {ARN}:7")));
    let message = "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do \
                   not set a version in your request.";
    for qualified in ["echo:7", "echo:live"] {
        assert_eq!(platform.update_code(qualified, code(b"x")).await.error(), invalid(message));
        assert_eq!(platform.update_configuration(qualified, json!({})).await.error(), invalid(message));
        let mut request = platform.minimal("echo");
        request["FunctionName"] = json!(qualified);
        assert_eq!(platform.create(request).await.error(), invalid(message));
    }
    platform.update_configuration("echo:$LATEST", json!({"Timeout": 5})).await.ok();
    let message = "$LATEST version cannot be deleted without deleting the function.";
    assert_eq!(platform.delete("echo:$LATEST").await.error(), invalid(message));
    let message = "Deletion of aliases is not currently supported.";
    assert_eq!(platform.delete("echo:live").await.error(), invalid(message));
    assert_eq!(platform.delete("echo:7").await.status.as_u16(), 204);
}

#[tokio::test]
async fn other_regions_and_accounts_are_out_of_reach() {
    let platform = Platform::start().await;
    let elsewhere = "arn:aws:lambda:eu-west-1:000000000000:function:echo";
    let mut request = platform.minimal("echo");
    request["FunctionName"] = json!(elsewhere);
    let message = "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')";
    let expected = (404, "ResourceNotFoundException".to_owned(), message.to_owned());
    assert_eq!(platform.create(request.clone()).await.error(), expected);
    assert_eq!(platform.get(elsewhere).await.error(), expected);
    assert_eq!(platform.delete(elsewhere).await.error(), expected);
    let foreign = "arn:aws:lambda:us-east-1:123456789012:function:echo";
    request["FunctionName"] = json!(foreign);
    for refused in
        [platform.create(request).await, platform.get(foreign).await, platform.delete(foreign).await]
    {
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "AccessDeniedException"));
    }
    assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
}

#[tokio::test]
async fn account_settings_count_what_is_there() {
    let platform = Platform::with(Setup { account_concurrency: 77, ..Setup::default() }).await;
    let shown = platform.call(Method::GET, "/2016-08-19/account-settings", Value::Null).await.ok().json();
    let limit = json!({
        "TotalCodeSize": 80_530_636_800_u64, "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800,
        "ConcurrentExecutions": 77, "UnreservedConcurrentExecutions": 77,
    });
    assert_eq!(
        shown,
        json!({"AccountLimit": limit, "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": 0}})
    );
    platform.create(platform.minimal("a")).await.ok();
    platform.create(platform.minimal("b")).await.ok();
    assert_eq!(platform.usage().await, (2, 2 * zip_of("a").len() as u64));
    platform.update_code("a", code(b"")).await.ok();
    assert_eq!(platform.usage().await, (2, (zip(b"").len() + zip_of("b").len()) as u64));
    platform.delete("b").await.ok();
    assert_eq!(platform.usage().await, (1, zip(b"").len() as u64));
}

#[tokio::test]
async fn a_change_and_its_audit_record_are_one_transaction() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    platform.update_code("echo", code(b"x")).await.ok();
    platform
        .update_configuration("echo", json!({"Environment": {"Variables": {"SECRET": "hidden"}}}))
        .await
        .ok();
    platform.delete("echo").await.ok();
    // Written with the change: nothing waits in the background.
    let audit = platform.audit().await;
    let names: Vec<_> = audit.iter().filter(|r| !r.read_only).map(|r| r.event_name.as_str()).collect();
    assert_eq!(
        names,
        ["CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction"]
    );
    let text =
        serde_json::to_string(&audit.iter().map(|r| &r.request_parameters).collect::<Vec<_>>()).unwrap();
    assert!(!text.contains("hidden") && !text.contains(&base64(&zip(b"x"))), "{text}");
}
