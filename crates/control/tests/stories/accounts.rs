//! Across accounts: whoever is let into another account's function works on that one, and never on one of the same name at
//! home.

use auth::Identity;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use testkit::{Client, Platform, Reply};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const NEIGHBOUR: &str = "123456789012";

/// The owner's `echo`, a neighbour's `echo`, and the neighbour as a client.
async fn with_two_echoes() -> (Platform, Client) {
    let platform = Platform::start().await;
    let role = format!("arn:aws:iam::{NEIGHBOUR}:role/function");
    platform.keys.add("AKIANEIGHBOUR", Identity::root(NEIGHBOUR.parse().unwrap()));
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    platform.keys.trust(&role, trust);
    platform.create(platform.minimal("echo")).await.ok();
    platform.settled("echo").await;
    let neighbour = platform.client.with_key("AKIANEIGHBOUR");
    let mut request = platform.minimal("echo");
    request["Role"] = json!(role);
    send(&neighbour, Method::POST, "/2015-03-31/functions", request).await.ok();
    while shown_at_home(&neighbour).await["State"] != "Active" {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    (platform, neighbour)
}

async fn send(client: &Client, method: Method, target: &str, body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    client.send(method, target, HeaderMap::new(), body.into()).await
}

async fn shown_at_home(neighbour: &Client) -> Value {
    let target = "/2015-03-31/functions/echo/configuration";
    send(neighbour, Method::GET, target, Value::Null).await.ok().json()
}

/// Everything that can be done to a function without passing a role, in an order in which it goes well.
fn calls() -> Vec<(Method, String, Value)> {
    let function = |rest: &str| format!("/2015-03-31/functions/{ARN}{rest}");
    let grant =
        json!({"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"});
    vec![
        (Method::GET, function(""), Value::Null),
        (Method::GET, function("/configuration"), Value::Null),
        (Method::PUT, function("/configuration"), json!({"Description": "changed"})),
        (Method::PUT, function("/code"), json!({"ZipFile": zip("other")})),
        (Method::POST, function("/versions"), json!({})),
        (Method::GET, function("/versions"), Value::Null),
        (Method::POST, function("/aliases"), json!({"Name": "live", "FunctionVersion": "1"})),
        (Method::GET, function("/aliases/live"), Value::Null),
        (Method::PUT, function("/aliases/live"), json!({"Description": "changed"})),
        (Method::GET, function("/aliases"), Value::Null),
        (Method::DELETE, function("/aliases/live"), Value::Null),
        (Method::POST, function("/policy"), grant),
        (Method::GET, function("/policy"), Value::Null),
        (Method::DELETE, function("/policy/s3"), Value::Null),
        (
            Method::PUT,
            format!("/2017-10-31/functions/{ARN}/concurrency"),
            json!({"ReservedConcurrentExecutions": 1}),
        ),
        (Method::GET, format!("/2019-09-30/functions/{ARN}/concurrency"), Value::Null),
        (Method::DELETE, format!("/2017-10-31/functions/{ARN}/concurrency"), Value::Null),
        (Method::POST, format!("/2017-03-31/tags/{ARN}"), json!({"Tags": {"a": "b"}})),
        (Method::GET, format!("/2017-03-31/tags/{ARN}"), Value::Null),
        (Method::DELETE, format!("/2017-03-31/tags/{ARN}?tagKeys=a"), Value::Null),
        (Method::DELETE, function(""), Value::Null),
    ]
}

fn zip(function: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(testkit::zip_of(function))
}

#[tokio::test]
async fn without_a_policy_there_every_call_is_denied() {
    let (platform, neighbour) = with_two_echoes().await;
    let before = platform.configuration("echo").await.ok().json();
    for (method, target, body) in calls() {
        let (status, code, message) = send(&neighbour, method.clone(), &target, body).await.error();
        assert_eq!((status, code.as_str()), (403, "AccessDeniedException"), "{method} {target}: {message}");
        assert!(message.contains("because no resource-based policy allows"), "{message}");
    }
    assert_eq!(platform.configuration("echo").await.ok().json(), before);
}

#[tokio::test]
async fn with_one_every_call_is_about_the_function_that_was_named() {
    let (platform, neighbour) = with_two_echoes().await;
    let at_home = shown_at_home(&neighbour).await;
    let grant = json!({"StatementId": "all", "Action": "lambda:*", "Principal": NEIGHBOUR});
    platform.call(Method::POST, "/2015-03-31/functions/echo/policy", grant).await.ok();
    for (method, target, body) in calls() {
        let reply = send(&neighbour, method.clone(), &target, body).await;
        assert!(reply.status.is_success(), "{method} {target}: {reply:?}");
        let text = String::from_utf8_lossy(&reply.body);
        assert!(!text.contains(&format!("{NEIGHBOUR}:function")), "{method} {target}: {text}");
    }
    assert_eq!(platform.configuration("echo").await.error().0, 404, "the last call deleted it");
    assert_eq!(shown_at_home(&neighbour).await, at_home);
    let versions = send(&neighbour, Method::GET, "/2015-03-31/functions/echo/versions", Value::Null).await;
    assert_eq!(versions.ok().json()["Versions"].as_array().unwrap().len(), 1, "$LATEST only");
    let records = platform.audit().await;
    let touched = records.iter().filter(|record| record.resources.iter().any(|arn| arn == ARN));
    let by_neighbour = touched.filter(|record| record.account == NEIGHBOUR).count();
    assert_eq!(by_neighbour, calls().len(), "each is recorded with its caller and the owner's resource");
}
