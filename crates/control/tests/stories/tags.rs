//! Tags of functions, through the API.

use crate::words::invalid;
use http::Method;
use serde_json::{Map, Value, json};
use store::Prefix;
use store::records::TagsRecord;
use testkit::{Platform, Reply};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

async fn tag(platform: &Platform, resource: &str, tags: Value) -> Reply {
    platform.call(Method::POST, &format!("/2017-03-31/tags/{resource}"), json!({"Tags": tags})).await
}

async fn untag(platform: &Platform, query: &str) -> Reply {
    platform.call(Method::DELETE, &format!("/2017-03-31/tags/{ARN}{query}"), Value::Null).await
}

async fn list(platform: &Platform, resource: &str) -> Reply {
    platform.call(Method::GET, &format!("/2017-03-31/tags/{resource}"), Value::Null).await
}

async fn tags(platform: &Platform) -> Value {
    list(platform, ARN).await.ok().json()["Tags"].clone()
}

/// As many tags, from the one of this number on.
fn many(first: usize, count: usize) -> Value {
    (first..first + count).map(|n| (format!("key{n}"), json!("value"))).collect::<Map<_, _>>().into()
}

#[tokio::test]
async fn tags_are_added_changed_listed_and_removed() {
    let platform = Platform::with_function("echo").await;
    let before = platform.configuration("echo").await.ok().json();
    assert_eq!(tags(&platform).await, json!({}));
    let tagged = tag(&platform, ARN, json!({"team": "blue", "cost": ""})).await;
    assert_eq!((tagged.status.as_u16(), tagged.body.len()), (204, 0));
    tag(&platform, ARN, json!({"team": "rot: grün+1", "stage": "a/b=c@d.e"})).await.ok();
    assert_eq!(tags(&platform).await, json!({"team": "rot: grün+1", "stage": "a/b=c@d.e", "cost": ""}));
    let untagged = untag(&platform, "?tagKeys=team&tagKeys=nobody").await;
    assert_eq!((untagged.status.as_u16(), untagged.body.len()), (204, 0));
    assert_eq!(tags(&platform).await, json!({"stage": "a/b=c@d.e", "cost": ""}));
    untag(&platform, "?tagKeys=stage&tagKeys=cost").await.ok();
    untag(&platform, "?tagKeys=stage").await.ok();
    assert_eq!(tags(&platform).await, json!({}));
    // No change of the function: the same revision, and no environment is replaced.
    assert_eq!(platform.configuration("echo").await.ok().json(), before);
}

#[tokio::test]
async fn a_function_is_created_with_tags_and_takes_them_with_it() {
    let platform = Platform::start().await;
    let mut request = platform.minimal("echo");
    request["Tags"] = json!({"team": "blue"});
    platform.create(request.clone()).await.ok();
    assert_eq!(tags(&platform).await, json!({"team": "blue"}));
    platform.delete("echo").await.ok();
    assert_eq!(platform.store.scan::<TagsRecord>(&Prefix::all(), None, 10).await.unwrap().len(), 0);
    for refused in [many(0, 51), json!({"aws:name": "x"})] {
        request["Tags"] = refused;
        let answer = platform.create(request.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "InvalidParameterValueException"));
    }
    assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
    request["Tags"] = many(0, 50);
    platform.create(request).await.ok();
    assert_eq!(tags(&platform).await, many(0, 50));
}

#[tokio::test]
async fn a_function_shows_its_tags_to_who_may_list_them() {
    let platform = Platform::with_function("echo").await;
    assert_eq!(platform.get("echo").await.ok().json()["Tags"], Value::Null);
    tag(&platform, ARN, json!({"team": "blue"})).await.ok();
    assert_eq!(platform.get("echo").await.ok().json()["Tags"], json!({"team": "blue"}));
    assert_eq!(platform.get("echo:$LATEST").await.ok().json()["Tags"], json!({"team": "blue"}));
    let allow = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": ARN}]})
            .to_string()
    };
    for (key, action, shown) in [
        ("AKIATESTKITUSER00001", "lambda:GetFunction", Value::Null),
        ("AKIATESTKITUSER00002", "lambda:*", json!({"team": "blue"})),
    ] {
        platform.keys.add_user(key, action.trim_start_matches("lambda:").trim_matches('*'), &allow(action));
        let reader = platform.client.with_key(key);
        let got =
            reader.send(Method::GET, "/2015-03-31/functions/echo", http::HeaderMap::new(), "".into()).await;
        assert_eq!(got.ok().json()["Tags"], shown, "{action}");
    }
}

#[tokio::test]
async fn tags_need_permissions_of_their_own() {
    let platform = Platform::with_function("echo").await;
    let policy = |actions: Value| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
            .to_string()
    };
    platform.keys.add_user(
        "AKIATESTKITUSER00000",
        "maker",
        &policy(json!(["lambda:CreateFunction", "iam:PassRole"])),
    );
    let maker = platform.client.with_key("AKIATESTKITUSER00000");
    let create = |name: &str, tags: Value| {
        let mut request = platform.minimal(name);
        request["Tags"] = tags;
        let maker = maker.clone();
        async move {
            let target = "/2015-03-31/functions";
            maker.send(Method::POST, target, http::HeaderMap::new(), request.to_string().into()).await
        }
    };
    create("untagged", json!({})).await.ok();
    let refused = create("tagged", json!({"team": "blue"})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "AccessDeniedException"));
    assert!(refused.message().contains("lambda:TagResource"), "{}", refused.message());
}

#[tokio::test]
async fn what_can_not_be_tagged_is_refused_in_the_services_words() {
    let platform = Platform::with_function("echo").await;
    let missing = |message: &str| (404, "ResourceNotFoundException".to_owned(), message.to_owned());
    let nowhere = ARN.replace("echo", "nowhere");
    let not_found = missing(&format!("Function not found: {nowhere}"));
    assert_eq!(tag(&platform, &nowhere, json!({"a": "b"})).await.error(), not_found);
    assert_eq!(list(&platform, &nowhere).await.error(), not_found);
    let qualified =
        invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.");
    for qualifier in ["1", "live", "$LATEST"] {
        assert_eq!(tag(&platform, &format!("{ARN}:{qualifier}"), json!({"a": "b"})).await.error(), qualified);
    }
    let nothing = missing("The resource you requested does not exist.");
    for other in [
        "event-source-mapping:01234567-0123-0123-0123-0123456789ab",
        "code-signing-config:csc-0123456789abcdef0",
        "capacity-provider:cheap",
    ] {
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:{other}");
        assert_eq!(tag(&platform, &arn, json!({"a": "b"})).await.error(), nothing, "{other}");
        assert_eq!(list(&platform, &arn).await.error(), nothing, "{other}");
    }
    let empty = invalid("An error occurred and the request cannot be processed.");
    assert_eq!(tag(&platform, ARN, json!({})).await.error(), empty);
    let reserved = invalid("aws: prefixed tag key names are not allowed for external use.");
    assert_eq!(tag(&platform, ARN, json!({"AWS:name": "b"})).await.error(), reserved);
    for (resource, tags) in [
        ("echo", json!({"a": "b"})),
        (ARN, json!({"x".repeat(129): "b"})),
        (ARN, json!({"a": "x".repeat(257)})),
        (ARN, json!({"": "b"})),
        (ARN, json!({"a": "b!"})),
        ("arn:aws:lambda:us-east-1:000000000000:layer:l:1", json!({"a": "b"})),
    ] {
        let refused = tag(&platform, resource, tags).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{refused:?}");
    }
    let null = "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null";
    assert_eq!(untag(&platform, "").await.message(), null);
    assert_eq!(tags(&platform).await, json!({}));
}

#[tokio::test]
async fn fifty_tags_are_the_limit() {
    let platform = Platform::with_function("echo").await;
    tag(&platform, ARN, many(0, 50)).await.ok();
    tag(&platform, ARN, many(10, 40)).await.ok();
    let refused = invalid("Number of tags exceeds resource tag limit.");
    assert_eq!(tag(&platform, ARN, many(50, 1)).await.error(), refused);
    assert_eq!(tags(&platform).await, many(0, 50));
}

#[tokio::test]
async fn concurrent_changes_lose_nothing_and_are_on_record() {
    let platform = Platform::with_function("echo").await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..24 {
        let client = platform.client.clone();
        calls.spawn(async move {
            let body = json!({"Tags": {format!("key{n}"): "value"}}).to_string();
            client
                .send(Method::POST, &format!("/2017-03-31/tags/{ARN}"), http::HeaderMap::new(), body.into())
                .await
        });
    }
    for answer in calls.join_all().await {
        answer.ok();
    }
    assert_eq!(tags(&platform).await, many(0, 24));
    let audit = platform.audit().await;
    assert_eq!(audit.iter().filter(|record| record.event_name == "TagResource").count(), 24);
}
