//! Published versions through the API.

use crate::words::{base64, code, invalid};
use http::Method;
use serde_json::{Value, json};
use testkit::{Platform, Setup, zip, zip_of};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

fn not_found(arn: &str) -> (u16, String, String) {
    (404, "ResourceNotFoundException".to_owned(), format!("Function not found: {arn}"))
}

fn numbers(page: &Value) -> Vec<&str> {
    page["Versions"].as_array().unwrap().iter().map(|v| v["Version"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_version_keeps_what_was_published() {
    let platform = Platform::with_function("echo").await;
    let published = platform.publish_version("echo", json!({"Description": "first"})).await;
    assert_eq!(published.status.as_u16(), 201);
    let first = published.json();
    assert_eq!((&first["Version"], &first["FunctionArn"]), (&json!("1"), &json!(format!("{ARN}:1"))));
    assert_eq!((&first["Description"], &first["State"]), (&json!("first"), &json!("Active")));
    assert_eq!(first["LastUpdateStatus"], "Successful");
    platform.update_code("echo", code(b"new")).await.ok();
    platform.update_configuration("echo", json!({"Timeout": 9, "MemorySize": 512})).await.ok();
    assert_eq!(platform.configuration("echo:1").await.ok().json(), first);
    let got = platform.get("echo:1").await.ok().json();
    assert_eq!(got["Configuration"], first);
    let location = got["Code"]["Location"].as_str().unwrap();
    assert_eq!(platform.client.fetch(location).await.ok().body, zip_of("echo"));
    let target = "/2015-03-31/functions/echo/configuration?Qualifier=1";
    assert_eq!(platform.call(Method::GET, target, Value::Null).await.ok().json(), first);
    let latest = platform.get("echo").await.ok().json();
    assert_eq!(latest["Configuration"]["Description"], "");
    let second = platform.publish_version("echo", json!({})).await.ok().json();
    assert_eq!((&second["Version"], &second["Timeout"]), (&json!("2"), &json!(9)));
    assert_ne!(second["RevisionId"], first["RevisionId"]);
    assert_eq!(platform.blobs_after_sweep().await, 2);
    assert_eq!(platform.usage().await, (1, (zip_of("echo").len() + 2 * zip(b"new").len()) as u64));
}

#[tokio::test]
async fn nothing_new_is_no_new_version() {
    let platform = Platform::with_function("echo").await;
    let first = platform.publish_version("echo", json!({"Description": "first"})).await.ok().json();
    for request in [json!({}), json!({"Description": "again"}), Value::Null] {
        let again = platform.publish_version("echo", request).await;
        assert_eq!((again.status.as_u16(), again.json()), (201, first.clone()));
    }
    platform.update_configuration("echo", json!({"Description": "another"})).await.ok();
    assert_eq!(platform.publish_version("echo", json!({})).await.ok().json()["Version"], "2");
    // Changed and changed back, and the same zip once more: what matters is what there is.
    platform.update_configuration("echo", json!({"Timeout": 9})).await.ok();
    platform.update_configuration("echo", json!({"Timeout": 3})).await.ok();
    platform.update_code("echo", json!({"ZipFile": base64(&zip_of("echo"))})).await.ok();
    assert_eq!(platform.publish_version("echo", json!({})).await.ok().json()["Version"], "2");
    platform.delete("echo:2").await.ok();
    assert_eq!(platform.publish_version("echo", json!({})).await.ok().json()["Version"], "3");
}

#[tokio::test]
async fn publishing_can_depend_on_revision_and_code() {
    let platform = Platform::with_function("echo").await;
    let latest = platform.configuration("echo").await.ok().json();
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    let stale =
        platform.publish_version("echo", json!({"RevisionId": "b1b2b3b4-0000-4000-8000-000000000000"})).await;
    assert_eq!(stale.error(), (412, "PreconditionFailedException".to_owned(), message.to_owned()));
    let sha = latest["CodeSha256"].as_str().unwrap();
    let message = format!(
        "CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({sha}). Please try again with the CodeSHA256 in $LATEST."
    );
    assert_eq!(
        platform.publish_version("echo", json!({"CodeSha256": "other"})).await.error(),
        invalid(&message)
    );
    assert_eq!(numbers(&platform.versions("echo", "").await.ok().json()), ["$LATEST"]);
    let request = json!({"RevisionId": latest["RevisionId"], "CodeSha256": sha});
    assert_eq!(platform.publish_version("echo", request).await.ok().json()["Version"], "1");
}

#[tokio::test]
async fn creations_and_updates_publish_in_one_step() {
    let platform = Platform::start().await;
    let mut request = platform.minimal("echo");
    request["Publish"] = json!(true);
    let created = platform.create(request).await.ok().json();
    assert_eq!((&created["FunctionArn"], &created["Version"]), (&json!(ARN), &json!("1")));
    let first = platform.configuration("echo:1").await.ok().json();
    assert_eq!((&first["CodeSha256"], &first["State"]), (&created["CodeSha256"], &json!("Active")));
    platform.settled("echo").await;
    assert_eq!(platform.publish_version("echo", json!({})).await.ok().json()["Version"], "1");

    let mut update = code(b"new");
    update["Publish"] = json!(true);
    let updated = platform.update_code("echo", update.clone()).await.ok().json();
    assert_eq!((&updated["FunctionArn"], &updated["Version"]), (&json!(format!("{ARN}:2")), &json!("2")));
    assert_eq!(platform.update_code("echo", update.clone()).await.ok().json()["Version"], "2");
    update["DryRun"] = json!(true);
    update["ZipFile"] = json!(base64(&zip(b"dry")));
    platform.update_code("echo", update).await.ok();
    assert_eq!(numbers(&platform.versions("echo", "").await.ok().json()), ["$LATEST", "1", "2"]);
    let publications = platform.audit().await.iter().filter(|r| r.event_name == "PublishVersion").count();
    assert_eq!(publications, 1, "the one call, which changed nothing");
}

#[tokio::test]
async fn numbers_are_never_used_again() {
    let platform = Platform::with_function("echo").await;
    platform.publish_version("echo", json!({})).await.ok();
    platform.delete("echo:1").await.ok();
    assert_eq!(platform.configuration("echo:1").await.error(), not_found(&format!("{ARN}:1")));
    assert_eq!(platform.publish_version("echo", json!({})).await.ok().json()["Version"], "2");
    platform.delete("echo").await.ok();
    assert_eq!(platform.configuration("echo:2").await.error(), not_found(&format!("{ARN}:2")));
    assert_eq!((platform.blobs_after_sweep().await, platform.usage().await), (0, (0, 0)));
    let mut request = platform.minimal("echo");
    request["Publish"] = json!(true);
    assert_eq!(platform.create(request).await.ok().json()["Version"], "3");
}

#[tokio::test]
async fn a_version_that_an_alias_uses_stays() {
    let platform = Platform::with_function("echo").await;
    platform.publish_version("echo", json!({})).await.ok();
    platform.update_configuration("echo", json!({"Timeout": 9})).await.ok();
    platform.publish_version("echo", json!({})).await.ok();
    let weights = json!({"AdditionalVersionWeights": {"2": 0.5}});
    platform
        .create_alias("echo", json!({"Name": "live", "FunctionVersion": "1", "RoutingConfig": weights}))
        .await
        .ok();
    platform.create_alias("echo", json!({"Name": "beta", "FunctionVersion": "1"})).await.ok();
    let used = |names: &str| {
        let message =
            format!("Unable to delete version because the following aliases reference it: [{names}]");
        (409, "ResourceConflictException".to_owned(), message)
    };
    assert_eq!(platform.delete("echo:1").await.error(), used("beta, live"));
    assert_eq!(platform.delete("echo:2").await.error(), used("live"));
    platform.update_alias("echo", "live", json!({"RoutingConfig": {}})).await.ok();
    let deleted = platform.delete("echo:2").await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    assert_eq!(platform.delete("echo:2").await.status.as_u16(), 204);
    assert_eq!(platform.delete("nothing:2").await.error(), not_found(&ARN.replace("echo", "nothing")));
    assert_eq!(platform.usage().await, (1, 2 * zip_of("echo").len() as u64));
}

#[tokio::test]
async fn versions_are_listed_in_pages() {
    let platform = Platform::with_function("echo").await;
    for timeout in 10..15 {
        platform.update_configuration("echo", json!({"Timeout": timeout})).await.ok();
        platform.publish_version("echo", json!({})).await.ok();
    }
    let page = platform.versions("echo", "MaxItems=3").await.ok().json();
    assert_eq!(numbers(&page), ["$LATEST", "1", "2"]);
    assert_eq!(page["Versions"][0]["FunctionArn"], format!("{ARN}:$LATEST"));
    assert_eq!((&page["Versions"][1]["State"], &page["Versions"][1]["Timeout"]), (&Value::Null, &json!(10)));
    platform.delete("echo:3").await.ok();
    let marker = page["NextMarker"].as_str().unwrap();
    let page = platform.versions("echo", &format!("MaxItems=1&Marker={marker}")).await.ok().json();
    assert_eq!(numbers(&page), ["4"]);
    let marker = page["NextMarker"].as_str().unwrap();
    let page = platform.versions("echo", &format!("Marker={marker}")).await.ok().json();
    assert_eq!((numbers(&page), &page["NextMarker"]), (vec!["5"], &Value::Null));
    assert_eq!(platform.versions("nothing", "").await.error(), not_found(&ARN.replace("echo", "nothing")));
    assert_eq!(platform.versions("echo", "Marker=x").await.code(), "InvalidParameterValueException");
}

#[tokio::test]
async fn all_versions_of_all_functions_are_listed() {
    let platform = Platform::with_function("echo").await;
    platform.create(platform.minimal("echo-a")).await.ok();
    for function in ["echo", "echo-a"] {
        platform.publish_version(function, json!({})).await.ok();
        platform.update_configuration(function, json!({"Timeout": 9})).await.ok();
        platform.publish_version(function, json!({})).await.ok();
    }
    for size in 1..7 {
        let (mut seen, mut marker) = (Vec::new(), String::new());
        loop {
            let query = format!("FunctionVersion=ALL&MaxItems={size}&Marker={marker}");
            let page = platform.list(&query).await.ok().json();
            for function in page["Functions"].as_array().unwrap() {
                let name =
                    function["FunctionArn"].as_str().unwrap().rsplit("function:").next().unwrap().to_owned();
                assert!(name.ends_with(function["Version"].as_str().unwrap()), "{function}");
                seen.push(name);
            }
            let Some(next) = page["NextMarker"].as_str() else { break };
            marker = next.to_owned();
        }
        assert_eq!(seen, ["echo:$LATEST", "echo:1", "echo:2", "echo-a:$LATEST", "echo-a:1", "echo-a:2"]);
    }
    assert_eq!(platform.list("").await.ok().json()["Functions"].as_array().unwrap().len(), 2);
    let elsewhere = platform.list("FunctionVersion=ALL&MasterRegion=eu-west-1").await.ok().json();
    assert_eq!(elsewhere["Functions"], json!([]));
    assert_eq!(
        platform.list("MasterRegion=ALL").await.error(),
        invalid("MasterRegion needs FunctionVersion to be ALL.")
    );
}

#[tokio::test]
async fn capacity_providers_versions_are_refused_by_name() {
    let platform = Platform::with_function("echo").await;
    let refused = |name: &str| {
        invalid(&format!(
            "Lambent does not implement {name} yet. Leave it out, or give the value that turns it off."
        ))
    };
    let request = json!({"PublishTo": "LATEST_PUBLISHED"});
    assert_eq!(platform.publish_version("echo", request).await.error(), refused("PublishTo"));
    let target = "/2015-03-31/functions/echo?Qualifier=%24LATEST.PUBLISHED";
    assert_eq!(platform.call(Method::GET, target, Value::Null).await.error(), refused("$LATEST.PUBLISHED"));
    assert_eq!(platform.get("echo:$LATEST.PUBLISHED").await.error(), refused("$LATEST.PUBLISHED"));
    let request = json!({"Name": "live", "FunctionVersion": "$LATEST.PUBLISHED"});
    assert_eq!(platform.create_alias("echo", request).await.error(), refused("$LATEST.PUBLISHED"));
    let target = "/2015-03-31/functions/echo?Qualifier=0";
    assert_eq!(platform.call(Method::GET, target, Value::Null).await.error(), not_found(&format!("{ARN}:0")));
}

#[tokio::test]
async fn usage_counts_versions_after_a_restart_too() {
    let platform = Platform::with_function("echo").await;
    platform.publish_version("echo", json!({})).await.ok();
    let size = zip_of("echo").len() as u64;
    assert_eq!(platform.usage().await, (1, 2 * size));
    let platform = platform.restart(Setup { seed: 2, ..Setup::default() }).await;
    assert_eq!(platform.usage().await, (1, 2 * size));
    assert_eq!((platform.sweep().await, platform.blobs()), (0, 1));
    assert_eq!(platform.publish_version("echo", json!({})).await.ok().json()["Version"], "1");
}
