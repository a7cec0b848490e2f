//! Aliases through the API.

use crate::words::invalid;
use http::Method;
use serde_json::{Value, json};
use store::records::{AliasRecord, FunctionPolicyRecord, PolicyRecord, PolicyStatement};
use store::{Prefix, Transaction};
use testkit::Platform;
use types::{AccountId, RevisionId};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

/// A function with three versions.
async fn released() -> Platform {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    for timeout in 11..14 {
        platform.update_configuration("echo", json!({"Timeout": timeout})).await.ok();
        platform.publish_version("echo", json!({})).await.ok();
    }
    platform
}

fn weights(weights: &Value) -> Value {
    json!({"AdditionalVersionWeights": weights})
}

fn not_found(message: &str) -> (u16, String, String) {
    (404, "ResourceNotFoundException".to_owned(), message.to_owned())
}

#[tokio::test]
async fn an_alias_lives_from_creation_to_deletion() {
    let platform = released().await;
    let request = json!({"Name": "live", "FunctionVersion": "1", "Description": "d",
                         "RoutingConfig": weights(&json!({"2": 0.25}))});
    let created = platform.create_alias("echo", request.clone()).await;
    assert_eq!(created.status.as_u16(), 201);
    let created = created.json();
    let mut expected = request.clone();
    expected["AliasArn"] = json!(format!("{ARN}:live"));
    expected["RevisionId"] = created["RevisionId"].clone();
    assert_eq!(created, expected);
    assert_eq!(platform.get_alias("echo", "live").await.ok().json(), created);
    let message = format!("Alias already exists: {ARN}:live");
    let conflict = (409, "ResourceConflictException".to_owned(), message);
    assert_eq!(platform.create_alias("echo", request).await.error(), conflict);

    let shown = platform.get("echo:live").await.ok().json()["Configuration"].clone();
    let version = platform.configuration("echo:1").await.ok().json();
    assert_eq!(shown["FunctionArn"], format!("{ARN}:live"));
    for member in ["Version", "RevisionId", "CodeSha256", "Timeout"] {
        assert_eq!(shown[member], version[member]);
    }
    let updated = platform.update_alias("echo", "live", json!({"FunctionVersion": "3"})).await.ok().json();
    assert_eq!((&updated["FunctionVersion"], &updated["Description"]), (&json!("3"), &json!("d")));
    assert_eq!(updated["RoutingConfig"], weights(&json!({"2": 0.25})));
    assert_ne!(updated["RevisionId"], created["RevisionId"]);
    let updated = platform
        .update_alias("echo", "live", json!({"RoutingConfig": {}, "Description": ""}))
        .await
        .ok()
        .json();
    assert_eq!((&updated["RoutingConfig"], &updated["Description"]), (&Value::Null, &json!("")));
    let touched = platform.update_alias("echo", "live", json!({})).await.ok().json();
    assert_ne!(touched["RevisionId"], updated["RevisionId"]);

    for _ in 0..2 {
        let deleted = platform.delete_alias("echo", "live").await;
        assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    }
    let missing = not_found(&format!("Cannot find alias arn: {ARN}:live"));
    assert_eq!(platform.get_alias("echo", "live").await.error(), missing);
    let missing = not_found(&format!("Alias not found: {ARN}:live"));
    assert_eq!(platform.update_alias("echo", "live", json!({})).await.error(), missing);
    let missing = not_found(&format!("Function not found: {ARN}:live"));
    assert_eq!(platform.get("echo:live").await.error(), missing);
}

#[tokio::test]
async fn an_alias_points_to_what_is_there() {
    let platform = released().await;
    let create = |version: &str, routing: Value| {
        platform.create_alias(
            "echo",
            json!({"Name": "live", "FunctionVersion": version, "RoutingConfig": routing}),
        )
    };
    for version in ["10", "0", "01", "99999999999999999999999999"] {
        let missing = not_found(&format!("Function not found: {ARN}:{version}"));
        assert_eq!(create(version, Value::Null).await.error(), missing);
        assert_eq!(create("1", weights(&json!({version: 0.5}))).await.error(), missing);
    }
    let request = json!({"Name": "live", "FunctionVersion": "1"});
    let missing = not_found(&format!("Function not found: {}:1", ARN.replace("echo", "nothing")));
    assert_eq!(platform.create_alias("nothing", request).await.error(), missing);
    assert!(platform.store.scan::<AliasRecord>(&Prefix::all(), None, 9).await.unwrap().is_empty());
    create("$LATEST", weights(&json!({}))).await.ok();
    let latest = platform.get("echo:live").await.ok().json();
    assert_eq!(latest["Configuration"]["Version"], "$LATEST");
    platform.delete("echo").await.ok();
    assert_eq!(
        platform.get_alias("echo", "live").await.error(),
        not_found(&format!("Function not found: {ARN}"))
    );
    assert_eq!(platform.delete_alias("echo", "live").await.status.as_u16(), 404);
    assert_eq!(platform.aliases("echo", "").await.status.as_u16(), 404);
}

#[tokio::test]
async fn routing_follows_the_services_rules() {
    let platform = released().await;
    let too_many = invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
    let twice = invalid(
        "Invalid function version 1. Function version 1 is already included in routing configuration.",
    );
    let latest = invalid("$LATEST is not supported for an alias pointing to more than 1 version");
    let constraint = |value: &str, rule: &str| {
        let message = format!(
            "1 validation error detected: Value '{value}' at 'routingConfig.additionalVersionWeights' failed to satisfy \
             constraint: {rule}"
        );
        (400, "ValidationException".to_owned(), message)
    };
    let share = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have \
                 value greater than or equal to 0.0, Member must not be null]";
    let key = "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have \
               length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must \
               not be null]";
    let cases = [
        ("1", json!({"2": 0.1, "3": 0.1}), too_many),
        ("1", json!({"1": 0.1}), twice.clone()),
        ("$LATEST", json!({"1": 0.1}), latest.clone()),
        ("1", json!({"2": 2.0}), constraint("{2=2.0}", share)),
        ("1", json!({"2": -1.0}), constraint("{2=-1.0}", share)),
        ("1", json!({"$LATEST": 0.5}), constraint("{$LATEST=0.5}", key)),
    ];
    platform.create_alias("echo", json!({"Name": "there", "FunctionVersion": "1"})).await.ok();
    let before = platform.get_alias("echo", "there").await.ok().json();
    for (version, shares, expected) in cases {
        let mut request =
            json!({"Name": "live", "FunctionVersion": version, "RoutingConfig": weights(&shares)});
        assert_eq!(platform.create_alias("echo", request.clone()).await.error(), expected);
        request.as_object_mut().unwrap().remove("Name");
        assert_eq!(platform.update_alias("echo", "there", request).await.error(), expected);
    }
    assert_eq!(platform.get_alias("echo", "there").await.ok().json(), before);
    // What stays counts like what is sent.
    platform
        .update_alias(
            "echo",
            "there",
            json!({"FunctionVersion": "2", "RoutingConfig": weights(&json!({"1": 0.5}))}),
        )
        .await
        .ok();
    assert_eq!(platform.update_alias("echo", "there", json!({"FunctionVersion": "1"})).await.error(), twice);
    assert_eq!(
        platform.update_alias("echo", "there", json!({"FunctionVersion": "$LATEST"})).await.error(),
        latest
    );
    for share in [0.0, 1.0] {
        platform
            .update_alias("echo", "there", json!({"RoutingConfig": weights(&json!({"1": share}))}))
            .await
            .ok();
    }
}

#[tokio::test]
async fn both_versions_have_one_role() {
    let platform = released().await;
    let other = "arn:aws:iam::000000000000:role/other";
    platform.keys.trust(
        other,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},
            "Action":"sts:AssumeRole"}]}"#,
    );
    platform.update_configuration("echo", json!({"Role": other})).await.ok();
    platform.publish_version("echo", json!({})).await.ok();
    let request =
        json!({"Name": "live", "FunctionVersion": "1", "RoutingConfig": weights(&json!({"4": 0.5}))});
    let refused = platform.create_alias("echo", request).await.error();
    assert_eq!(refused, invalid("Both versions of an alias must have the same execution role."));
}

#[tokio::test]
async fn a_stale_revision_changes_nothing() {
    let platform = released().await;
    platform.create_alias("echo", json!({"Name": "live", "FunctionVersion": "1"})).await.ok();
    let before = platform.get_alias("echo", "live").await.ok().json();
    let change = json!({"FunctionVersion": "2", "RevisionId": before["RevisionId"]});
    let answers = tokio::join!(
        platform.update_alias("echo", "live", change.clone()),
        platform.update_alias("echo", "live", change)
    );
    let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let refused = if answers.0.status.is_success() { answers.1 } else { answers.0 };
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    assert_eq!(refused.error(), (412, "PreconditionFailedException".to_owned(), message.to_owned()));
}

#[tokio::test]
async fn names_are_not_numbers() {
    let platform = released().await;
    for name in ["12", "a b", "", "ä", "$LATEST"] {
        let refused = platform.create_alias("echo", json!({"Name": name, "FunctionVersion": "1"})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{name}");
    }
    platform.create_alias("echo", json!({"Name": "12a", "FunctionVersion": "1"})).await.ok();
    let message = "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do \
                   not set a version in your request.";
    let request = json!({"Name": "live", "FunctionVersion": "1"});
    assert_eq!(platform.create_alias("echo:1", request).await.error(), invalid(message));
}

#[tokio::test]
async fn aliases_are_listed_in_pages_and_by_version() {
    let platform = released().await;
    for (name, version) in [("d", "3"), ("b", "2"), ("a", "1"), ("c", "1")] {
        platform.create_alias("echo", json!({"Name": name, "FunctionVersion": version})).await.ok();
    }
    platform.update_alias("echo", "d", json!({"RoutingConfig": weights(&json!({"1": 0.5}))})).await.ok();
    let names = |page: &Value| {
        let aliases = page["Aliases"].as_array().unwrap();
        aliases.iter().map(|a| a["Name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (filter, expected) in
        [("", "abcd"), ("&FunctionVersion=1", "acd"), ("&FunctionVersion=%24LATEST", "")]
    {
        for size in 1..6 {
            let (mut seen, mut marker) = (Vec::new(), String::new());
            loop {
                let query = format!("MaxItems={size}&Marker={marker}{filter}");
                let page = platform.aliases("echo", &query).await.ok().json();
                seen.extend(names(&page));
                let Some(next) = page["NextMarker"].as_str() else { break };
                marker = next.to_owned();
            }
            assert_eq!(seen.concat(), expected, "{filter} {size}");
        }
    }
    let whole = platform.aliases("echo", "").await.ok().json();
    assert_eq!(whole["Aliases"][0], platform.get_alias("echo", "a").await.ok().json());
}

#[tokio::test]
async fn a_deleted_alias_takes_its_policy_along() {
    let platform = released().await;
    let name = "echo".parse().unwrap();
    let place = |qualifier| FunctionPolicyRecord::place(AccountId::FIRST, &name, qualifier).unwrap();
    let json = r#"{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"lambda:InvokeFunction",
                   "Resource":"*"}"#;
    let statement = PolicyStatement { sid: "a".to_owned(), json: json.to_owned() };
    let revision: RevisionId = "b1b2b3b4-0000-4000-8000-000000000000".parse().unwrap();
    let policy = FunctionPolicyRecord(PolicyRecord { statements: vec![statement], revision });
    platform.create_alias("echo", json!({"Name": "live", "FunctionVersion": "1"})).await.ok();
    let mut transaction = Transaction::new();
    for qualifier in [None, Some("live"), Some("2"), Some("3")] {
        transaction.insert(&place(qualifier), &policy);
    }
    platform.store.commit(transaction).await.unwrap();
    let left = async || {
        let left = platform.store.scan::<FunctionPolicyRecord>(&Prefix::all(), None, 9).await.unwrap();
        left.iter().map(|p| p.key.segments().next_back().unwrap().to_owned()).collect::<Vec<_>>()
    };
    platform.delete_alias("echo", "live").await.ok();
    assert_eq!(left().await, ["", "2", "3"]);
    platform.call(Method::DELETE, "/2015-03-31/functions/echo?Qualifier=2", Value::Null).await.ok();
    assert_eq!(left().await, ["", "3"]);
    platform.delete("echo").await.ok();
    assert_eq!(left().await, Vec::<String>::new());
}
