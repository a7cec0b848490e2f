//! Policies of layer versions: the same statements as those of functions, on what is shared between accounts.

use crate::layers::publish;
use crate::words::invalid;
use http::Method;
use serde_json::{Value, json};
use testkit::{Platform, Reply};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:layer:tools:1";

/// A platform with version 1 of a layer.
async fn with_tools() -> Platform {
    let platform = Platform::start().await;
    publish(&platform, "tools", b"tool", json!({})).await.ok();
    platform
}

async fn add(platform: &Platform, version: &str, members: Value) -> Reply {
    let mut request =
        json!({"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "123456789012"});
    request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    platform.call(Method::POST, &format!("/2018-10-31/layers/tools/versions/{version}"), request).await
}

async fn get(platform: &Platform) -> Reply {
    platform.call(Method::GET, "/2018-10-31/layers/tools/versions/1/policy", Value::Null).await
}

async fn remove(platform: &Platform, sid_and_query: &str) -> Reply {
    let target = format!("/2018-10-31/layers/tools/versions/1/policy/{sid_and_query}");
    platform.call(Method::DELETE, &target, Value::Null).await
}

fn missing(message: &str) -> (u16, String, String) {
    (404, "ResourceNotFoundException".to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_layer_version_is_shared_and_taken_back() {
    let platform = with_tools().await;
    let none = missing("No policy is associated with the given resource.");
    assert_eq!(get(&platform).await.error(), none);
    assert_eq!(remove(&platform, "all").await.error(), none);
    let added = add(&platform, "1/policy", json!({})).await;
    assert_eq!(added.status.as_u16(), 201);
    let text = format!(
        r#"{{"Sid":"all","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::123456789012:root"}},"Action":"lambda:GetLayerVersion","Resource":"{ARN}"}}"#
    );
    let shown = get(&platform).await.ok().json();
    assert_eq!(added.json(), json!({"Statement": text, "RevisionId": shown["RevisionId"]}));
    assert_eq!(shown["Policy"], format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{text}]}}"#));
    let everybody = json!({"StatementId": "org", "Principal": "*", "OrganizationId": "o-1234567890"});
    let fresh = format!("1/policy?RevisionId={}", shown["RevisionId"].as_str().unwrap());
    let added = add(&platform, &fresh, everybody).await.ok().json();
    let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
    assert_eq!(
        statement,
        json!({"Sid": "org", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion", "Resource": ARN,
               "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}})
    );
    let removed = remove(&platform, "all").await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    remove(&platform, "org").await.ok();
    assert_eq!(get(&platform).await.error(), none);
}

#[tokio::test]
async fn what_can_not_be_shared_is_refused_in_the_services_words() {
    let platform = with_tools().await;
    add(&platform, "1/policy", json!({})).await.ok();
    let revision = get(&platform).await.ok().json()["RevisionId"].clone();
    let message = "The statement id (all) provided already exists. Please provide a new statement id, or remove the existing statement.";
    let exists = (409, "ResourceConflictException".to_owned(), message.to_owned());
    assert_eq!(add(&platform, "1/policy", json!({"Principal": "*"})).await.error(), exists);
    assert_eq!(
        remove(&platform, "other").await.error(),
        missing("Statement other is not found in resource policy.")
    );
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve \
                   the latest Revision Id";
    let other = (412, "PreconditionFailedException".to_owned(), message.to_owned());
    for stale in ["1/policy?RevisionId=x", "1/policy?RevisionId=b1b2b3b4-0000-4000-8000-000000000000"] {
        let refused = add(&platform, stale, json!({"StatementId": "b"})).await;
        assert_eq!(refused.error(), other);
    }
    assert_eq!(remove(&platform, "all?RevisionId=x").await.error(), other);
    let gone = missing(&format!("Layer version {} does not exist.", ARN.replace(":1", ":2")));
    assert_eq!(add(&platform, "2/policy", json!({})).await.error(), gone);
    let organization = json!({"StatementId": "b", "OrganizationId": "o-1234567890"});
    let only_all = invalid("OrganizationId is only supported for the principal *.");
    assert_eq!(add(&platform, "1/policy", organization).await.error(), only_all);
    for (member, value) in [
        ("Action", "lambda:InvokeFunction"),
        ("Principal", "s3.amazonaws.com"),
        ("Principal", "arn:aws:iam::123456789012:user/ana"),
        ("StatementId", "a.b"),
        ("OrganizationId", "acme"),
    ] {
        let refused = add(&platform, "1/policy", json!({member: value})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{member}");
    }
    assert_eq!(get(&platform).await.ok().json()["RevisionId"], revision);
}

#[tokio::test]
async fn a_policy_goes_with_its_version_and_each_change_is_on_record() {
    let platform = with_tools().await;
    add(&platform, "1/policy", json!({})).await.ok();
    add(&platform, "1/policy", json!({"StatementId": "b"})).await.ok();
    remove(&platform, "b").await.ok();
    platform.call(Method::DELETE, "/2018-10-31/layers/tools/versions/1", Value::Null).await.ok();
    let gone = missing(&format!("Layer version {ARN} does not exist."));
    assert_eq!(get(&platform).await.error(), gone);
    let left =
        platform.store.scan::<store::records::LayerPolicyRecord>(&store::Prefix::all(), None, 10).await;
    assert_eq!(left.unwrap().len(), 0);
    let audit = platform.audit().await;
    let names: Vec<_> = audit.iter().filter(|r| !r.read_only).map(|r| r.event_name.as_str()).collect();
    assert_eq!(
        names,
        [
            "PublishLayerVersion",
            "AddLayerVersionPermission",
            "AddLayerVersionPermission",
            "RemoveLayerVersionPermission",
            "DeleteLayerVersion"
        ]
    );
}
