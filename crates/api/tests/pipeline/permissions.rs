//! Permission: who may do what, in whose words a refusal is told, and what it doesn't tell.

use crate::client::Call;
use crate::people::{allow, statement, user};
use crate::platform::Platform;
use crate::samples::{self, ROLE};
use auth::{Identity, Principal};
use serde_json::json;
use std::sync::Arc;
use types::AccountId;

const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

#[tokio::test]
async fn a_refusal_names_who_wanted_what_of_which_resource() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[]);
    let answer = platform.call(&samples::least("lambda", "GetFunction"), &bob).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AccessDeniedException"));
    assert_eq!(
        answer.message(),
        format!(
            "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: lambda:GetFunction on resource: {ECHO} because no identity-based policy allows the lambda:GetFunction action"
        )
    );
    let answer = platform.call(&samples::least("iam", "DeleteUser"), &bob).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AccessDenied"));
    assert!(answer.message().contains("iam:DeleteUser on resource: arn:aws:iam::000000000000:user/ana"));
    let answer = platform.call(&samples::least("logs", "GetLogEvents"), &bob).await;
    let stream =
        "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/echo:log-stream:2026/11/24/[$LATEST]00";
    assert!(answer.message().contains(stream), "{}", answer.message());
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_explicit_deny_wins_and_says_so() {
    let platform = Platform::start().await;
    let policies = [allow("*", "*"), statement("Deny", "lambda:Get*", ECHO)];
    let bob = platform.people.user("bob", &policies);
    let answer = platform.call(&samples::least("lambda", "GetFunction"), &bob).await;
    assert!(
        answer.message().ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        answer.text()
    );
    assert_eq!(platform.call(&samples::least("lambda", "ListFunctions"), &bob).await.status, 200);
}

#[tokio::test]
async fn the_root_of_an_account_may_do_nothing_in_another() {
    let platform = Platform::start().await;
    let theirs = Call::new("GET", &format!("/2015-03-31/functions/{}", ECHO.replace(':', "%3A")), "lambda");
    assert_eq!(platform.call(&theirs, &platform.root).await.status, 200);
    let answer = platform.call(&theirs, &platform.neighbour).await;
    assert_eq!(answer.code(), "AccessDeniedException");
    assert!(answer.message().starts_with("User: arn:aws:iam::123456789012:root is not authorized"));
    assert!(answer.message().contains("no resource-based policy allows"), "{}", answer.message());
}

#[tokio::test]
async fn a_session_is_named_as_a_session() {
    let platform = Platform::start().await;
    let key = platform.people.user("session", &[]);
    let principal = Principal::RoleSession {
        account: AccountId::FIRST,
        path: "/".to_owned(),
        role: "runner".to_owned(),
        session: "echo".to_owned(),
        id: "AROA1".to_owned(),
    };
    platform.people.set(&key, |_| {}, Identity { principal, policies: Arc::new([]) });
    let answer = platform.call(&samples::least("lambda", "ListFunctions"), &key).await;
    assert!(answer.message().starts_with("User: arn:aws:sts::000000000000:assumed-role/runner/echo is not"));
}

#[tokio::test]
async fn who_has_no_permission_learns_nothing_about_the_input() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[]);
    let create = Call::new("POST", "/2015-03-31/functions", "lambda")
        .body(json!({ "FunctionName": "no good!", "Role": "x", "Timeout": 100_000 }).to_string());
    let invoke = Call::new("POST", "/2015-03-31/functions/no%20good!/invocations", "lambda")
        .header("x-amz-invocation-type", "Sometimes");
    let user = Call::new("POST", "/", "iam").body("Action=CreateUser&Version=2010-05-08&UserName=no%20good!");
    for call in [&create, &invoke, &user] {
        let denied = platform.call(call, &bob).await;
        assert!(denied.message().contains("is not authorized to perform"), "{}", denied.text());
        let invalid = platform.call(call, &platform.root).await;
        assert_eq!(invalid.status, 400, "{}", invalid.text());
        assert!(invalid.message().contains("failed to satisfy constraint"), "{}", invalid.text());
    }
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn the_role_is_passed_when_one_is_named_and_only_then() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[allow("lambda:*", "*")]);
    let configure = samples::operation("lambda", "UpdateFunctionConfiguration");
    let with_role = samples::request(configure, &json!({ "FunctionName": "echo", "Role": ROLE }));
    let without = samples::request(configure, &json!({ "FunctionName": "echo", "Timeout": 5 }));
    for call in [&samples::least("lambda", "CreateFunction"), &with_role] {
        let answer = platform.call(call, &bob).await;
        assert!(
            answer.message().contains(&format!("perform: iam:PassRole on resource: {ROLE}")),
            "{}",
            answer.text()
        );
    }
    assert_eq!(platform.call(&without, &bob).await.status, 200);
    platform.people.set(&bob, |_| {}, user("bob", &[allow("lambda:*", "*"), allow("iam:PassRole", ROLE)]));
    platform.identities.forget();
    for call in [samples::least("lambda", "CreateFunction"), with_role] {
        assert!(platform.call(&call, &bob).await.status.is_success());
    }
}

#[tokio::test]
async fn anybody_with_a_key_may_ask_who_they_are() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[statement("Deny", "*", "*")]);
    assert_eq!(platform.call(&samples::least("sts", "GetCallerIdentity"), &bob).await.status, 200);
    let regional = samples::least("sts", "GetCallerIdentity").region("us-east-1");
    assert_eq!(platform.call(&regional, &bob).await.status, 200);
}

#[tokio::test]
async fn a_malformed_arn_never_reaches_another_account_or_a_wider_resource() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[allow("iam:*", "arn:aws:iam::000000000000:policy/readers")]);
    for arn in ["readers", "arn:aws:iam::000000000000:policy/*", "arn:aws:iam:::policy/readers", "*", "arn:"]
    {
        let form: String = form_urlencoded::byte_serialize(arn.as_bytes()).collect();
        let body = format!("Action=GetPolicy&Version=2010-05-08&PolicyArn={form}");
        let answer = platform.call(&Call::new("POST", "/", "iam").body(body), &bob).await;
        // `readers` is read as a name in the caller's account, and the model then refuses it as too short.
        let expected = if arn == "readers" { 400 } else { 403 };
        assert_eq!(answer.status.as_u16(), expected, "{arn}: {}", answer.text());
    }
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_layer_is_checked_as_what_it_will_be_read_as() {
    let platform = Platform::start().await;
    let tools = "arn:aws:lambda:us-east-1:000000000000:layer:tools:1";
    let bob =
        platform.people.user("bob", &[allow("lambda:GetLayerVersion", tools), allow("lambda:Update*", "*")]);
    let configure = samples::operation("lambda", "UpdateFunctionConfiguration");
    let by_arn = samples::operation("lambda", "GetLayerVersionByArn");
    for (layer, expected) in [
        (tools.to_owned(), 200),
        (tools.replace("arn:aws:", "arn:aws-cn:"), 200),
        (tools.replace(":1", ":01"), 403),
        (tools.replace(":1", ":2"), 403),
        (tools.replace(":1", ":*"), 403),
        (tools.replace("tools:1", "*"), 403),
        (tools.replace("000000000000", "123456789012"), 403),
        ("arn:aws:lambda:::awslayer:tools".to_owned(), 403),
        ("*".to_owned(), 403),
        (String::new(), 403),
    ] {
        let update =
            samples::request(configure, &json!({ "FunctionName": "echo", "Layers": [tools, layer] }));
        let read = samples::request(by_arn, &json!({ "Arn": layer }));
        for call in [update, read] {
            let answer = platform.call(&call, &bob).await;
            assert_eq!(answer.status.as_u16(), expected, "{layer}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_user_who_names_nobody_means_themself() {
    let platform = Platform::start().await;
    let own = "arn:aws:iam::000000000000:user/bob";
    let bob = platform.people.user("bob", &[allow("iam:ListAccessKeys", own)]);
    let form = |body: &'static str| {
        Call::new("POST", "/", "iam").header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    let unnamed = form("Action=ListAccessKeys&Version=2010-05-08");
    assert_eq!(platform.call(&unnamed, &bob).await.status, 200);
    let other = form("Action=ListAccessKeys&Version=2010-05-08&UserName=ana");
    assert_eq!(platform.call(&other, &bob).await.status, 403);
    let eve = platform.people.user("eve", &[allow("iam:ListAccessKeys", own)]);
    let answer = platform.call(&unnamed, &eve).await;
    assert!(
        answer.message().contains("on resource: arn:aws:iam::000000000000:user/eve"),
        "{}",
        answer.message()
    );
}
