//! What a name means: `$LATEST`, a version, an alias.

use serde_json::{Value, json};
use store::Transaction;
use store::records::{AliasRecord, FunctionRecord};
use testkit::programs::{self, Latch};
use testkit::{Platform, Reply};
use types::{AccountId, Version};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

async fn introduced(platform: &Platform, name: &str) -> Value {
    let answer = platform.invoke(name, Value::Null).await.ok();
    let (body, executed) = (answer.json(), answer.header("x-amz-executed-version"));
    assert_eq!(body["version"], executed, "the environment runs what the answer names");
    body
}

fn not_found(reply: &Reply, arn: &str) {
    let message = format!("Function not found: {arn}");
    assert_eq!(reply.error(), (404, "ResourceNotFoundException".to_owned(), message));
}

/// A function `f` with version 1, changed since.
async fn with_a_version() -> Platform {
    let platform = Platform::start().await;
    platform.deploy("f", programs::introduce()).await;
    assert_eq!(platform.publish("f").await, 1);
    platform.update_configuration("f", json!({"Timeout": 7})).await.ok();
    platform.settled("f").await;
    platform
}

#[tokio::test]
async fn each_qualifier_runs_its_version_and_is_told_as_it_was_asked_for() {
    let platform = with_a_version().await;
    platform.alias("f", "live", Version::Number(1), &[]).await;
    platform.alias("f", "next", Version::Latest, &[]).await;
    let cases = [
        ("f", "$LATEST", ARN.to_owned()),
        ("f:$LATEST", "$LATEST", format!("{ARN}:$LATEST")),
        ("f:1", "1", format!("{ARN}:1")),
        ("f:live", "1", format!("{ARN}:live")),
        ("f:next", "$LATEST", format!("{ARN}:next")),
    ];
    for (name, version, arn) in cases {
        let body = introduced(&platform, name).await;
        assert_eq!((body["version"].as_str(), body["arn"].as_str()), (Some(version), Some(&*arn)), "{name}");
        let stream = body["stream"].as_str().unwrap().to_owned();
        assert!(stream.contains(&format!("/[{version}]")), "{stream}");
        assert_eq!(body["group"], "/aws/lambda/f");
    }
    assert_eq!(platform.simulation.started(), 2, "an alias has no environments of its own");
}

#[tokio::test]
async fn the_parameter_qualifier_means_the_same() {
    let platform = with_a_version().await;
    let target = "/2015-03-31/functions/f/invocations?Qualifier=1";
    let answer = platform.call(http::Method::POST, target, json!({})).await.ok();
    assert_eq!(answer.header("x-amz-executed-version"), "1");
    let target = "/2015-03-31/functions/f:1/invocations?Qualifier=2";
    let refused = platform.call(http::Method::POST, target, json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "InvalidParameterValueException"));
}

#[tokio::test]
async fn a_dry_run_looks_for_the_version() {
    let platform = with_a_version().await;
    let dry = [("x-amz-invocation-type", "DryRun")];
    let answer = platform.invoke_with("f:1", &dry, "{}").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-amz-executed-version")), (204, "1"));
    not_found(&platform.invoke_with("f:2", &dry, "{}").await, &format!("{ARN}:2"));
}

#[tokio::test]
async fn what_is_not_there_is_named_as_it_was_asked_for() {
    let platform = with_a_version().await;
    for qualifier in ["2", "18446744073709551615", "0123x", "live"] {
        let refused = platform.invoke(&format!("f:{qualifier}"), Value::Null).await;
        not_found(&refused, &format!("{ARN}:{qualifier}"));
    }
}

#[tokio::test]
async fn an_alias_follows_its_weights_and_every_change_of_them() {
    let platform = with_a_version().await;
    platform.publish("f").await;
    let mut seen = Vec::new();
    for weights in [&[(2, 0.0)][..], &[(2, 1.0)], &[(2, 0.5)], &[]] {
        platform.alias("f", "live", Version::Number(1), weights).await;
        let mut second = 0;
        for _ in 0..40 {
            second += i32::from(introduced(&platform, "f:live").await["version"] == "2");
        }
        seen.push(second);
    }
    assert_eq!((seen[0], seen[1], seen[3]), (0, 40, 0));
    assert!((5..=35).contains(&seen[2]), "{seen:?}");
    assert_eq!(platform.simulation.started(), 2, "each version keeps its environment meanwhile");
}

#[tokio::test]
async fn a_version_that_is_deleted_is_gone_with_the_next_request_and_its_environments_end() {
    let platform = with_a_version().await;
    introduced(&platform, "f:1").await;
    introduced(&platform, "f").await;
    platform.unpublish("f", 1).await;
    not_found(&platform.invoke("f:1", Value::Null).await, &format!("{ARN}:1"));
    platform.alive(1).await;
    introduced(&platform, "f").await;
    assert_eq!(platform.simulation.started(), 2, "$LATEST keeps its own");
}

#[tokio::test]
async fn an_alias_that_is_deleted_is_gone_with_the_next_request() {
    let platform = with_a_version().await;
    platform.alias("f", "live", Version::Number(1), &[]).await;
    introduced(&platform, "f:live").await;
    let mut change = Transaction::new();
    change
        .remove::<AliasRecord>(&AliasRecord::place(AccountId::FIRST, &"f".parse().unwrap(), "live").unwrap());
    platform.store.commit(change).await.unwrap();
    not_found(&platform.invoke("f:live", Value::Null).await, &format!("{ARN}:live"));
}

#[tokio::test]
async fn a_change_of_the_function_leaves_its_versions_alone() {
    let platform = with_a_version().await;
    let before = introduced(&platform, "f:1").await;
    for timeout in 10..15 {
        platform.update_configuration("f", json!({"Timeout": timeout})).await.ok();
        introduced(&platform, "f").await;
        assert_eq!(introduced(&platform, "f:1").await["environment"], before["environment"]);
    }
}

#[tokio::test]
async fn an_invocation_under_way_ends_although_its_version_is_deleted() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("f", latch.program()).await;
    platform.publish("f").await;
    let deletion = async {
        latch.reached(1).await;
        platform.unpublish("f", 1).await;
        latch.open();
    };
    let (answer, ()) = tokio::join!(platform.invoke("f:1", Value::Null), deletion);
    answer.ok();
    platform.alive(0).await;
}

#[tokio::test]
async fn a_function_of_the_same_name_has_none_of_the_old_ones_environments() {
    let platform = with_a_version().await;
    let old = introduced(&platform, "f").await;
    platform.delete("f").await.ok();
    platform.alive(0).await;
    platform.deploy("f", programs::introduce()).await;
    assert_ne!(introduced(&platform, "f").await["environment"], old["environment"]);
}

#[tokio::test]
async fn lines_go_to_the_group_that_the_version_names() {
    let platform = with_a_version().await;
    let mut record = platform.functions().await.remove(0);
    record.configuration.logging.group = Some("/elsewhere".to_owned());
    let mut change = Transaction::new();
    change.put(&FunctionRecord::place(record.account, &record.name).unwrap(), &record);
    platform.store.commit(change).await.unwrap();
    assert_eq!(introduced(&platform, "f").await["group"], "/elsewhere");
    assert_eq!(introduced(&platform, "f:1").await["group"], "/aws/lambda/f");
}
