//! The permission matrix: every built operation against every kind of caller, held in `tests/golden/permissions.txt`.
//!
//! A user without policies is told what is missing, action by action; what comes out is what the operation asks for. A
//! new operation without a line in the file fails. `LAMBENT_WRITE_GOLDEN=1 cargo test -p api --test pipeline matrix` writes
//! the file: read what changed in it before you keep it.

use crate::client::{Answer, Call};
use crate::people::{ACCOUNT, Key, NEIGHBOUR, allow, user};
use crate::platform::Platform;
use crate::resource_policies::grant;
use crate::samples;
use serde_json::{Value, json};
use std::fmt::Write;
use wire::Operation;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/permissions.txt");
const HEADER: &str = "\
# operation: what it asks for
#     root | user with everything | user with exactly that | with that on another resource | with another action
#     | user without policies whom the resources' own policies name | other account's root | the same, named by the
#     resources' own policies | anonymous
# `own` means that the operation can't name another account's resource: the other root acts on its own account.
";

#[tokio::test]
async fn the_permission_matrix_is_the_agreed_one() {
    let platform = Platform::start().await;
    let mut text = HEADER.to_owned();
    for operation in samples::built() {
        row(&platform, operation, &mut text).await;
    }
    if option_env!("LAMBENT_WRITE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    for (found, agreed) in text.lines().zip(agreed.lines()) {
        assert_eq!(found, agreed);
    }
    assert_eq!(text.lines().count(), agreed.lines().count());
}

async fn row(platform: &Platform, operation: &'static Operation, text: &mut String) {
    let call = samples::request(operation, &samples::input(operation));
    let bob = platform.people.user("bob", &[]);
    let asked = asked(platform, &call, &bob).await;
    let questions: Vec<String> =
        asked.iter().map(|(action, resource)| format!("{action} on {resource}")).collect();
    let questions = if asked.is_empty() { "nothing".to_owned() } else { questions.join(" + ") };
    let given =
        |change: fn(&str, &str) -> String| asked.iter().map(|(a, r)| change(a, r)).collect::<Vec<_>>();
    let everything = vec![allow("*", "*")];
    let exactly = given(allow);
    let elsewhere = given(|action, resource| allow(action, &other(resource)));
    let other_action = given(|action, resource| allow(&format!("{action}Other"), resource));
    let foreign = foreign(operation);
    let mut cells = vec![allowed(&platform.call(&call, &platform.root).await)];
    for policies in [everything, exactly, elsewhere, other_action] {
        cells.push(allowed(&as_user(platform, &call, &bob, &policies).await));
    }
    share(platform, &asked, json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:user/bob") })).await;
    cells.push(allowed(&as_user(platform, &call, &bob, &[]).await));
    for principal in [None, Some(json!({ "AWS": NEIGHBOUR }))] {
        unshare(platform, &asked).await;
        if let Some(principal) = principal {
            share(platform, &asked, principal).await;
        }
        cells.push(match &foreign {
            Some(call) => allowed(&platform.call(call, &platform.neighbour).await),
            None => "own",
        });
    }
    unshare(platform, &asked).await;
    cells.push(allowed(&platform.send(&call, None).await));
    writeln!(text, "{operation:?}: {questions}\n    {}", cells.join(" | ")).unwrap();
}

/// Lets the principal do what an operation asks for, by a policy of each resource that can have one.
async fn share(platform: &Platform, asked: &[(String, String)], principal: Value) {
    for (_, resource) in asked {
        let on_it = asked.iter().filter(|(_, of)| of == resource);
        let statements: Vec<Value> =
            on_it.map(|(action, _)| grant(principal.clone(), action, resource)).collect();
        platform.share_arn(resource, &statements).await;
    }
}

async fn unshare(platform: &Platform, asked: &[(String, String)]) {
    for (_, resource) in asked {
        platform.unshare_arn(resource).await;
    }
}

fn other(resource: &str) -> String {
    match resource {
        "*" => format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:other"),
        resource => format!("{resource}-other"),
    }
}

fn allowed(answer: &Answer) -> &'static str {
    match answer.status.as_u16() {
        200..300 => "allowed",
        401 | 403 => "denied",
        _ => panic!("{}", answer.text()),
    }
}

async fn as_user(platform: &Platform, call: &Call, bob: &Key, policies: &[String]) -> Answer {
    platform.people.set(bob, |_| {}, user("bob", policies));
    platform.identities.forget();
    platform.call(call, bob).await
}

/// Every (action, resource) that a call asks for: each refusal names one, and is met.
async fn asked(platform: &Platform, call: &Call, bob: &Key) -> Vec<(String, String)> {
    let (mut asked, mut policies) = (Vec::new(), Vec::new());
    loop {
        let answer = as_user(platform, call, bob, &policies).await;
        if !answer.is_denied() {
            return asked;
        }
        let message = answer.message();
        let (_, rest) = message.split_once("perform: ").unwrap_or_else(|| panic!("{message}"));
        let (action, rest) = rest.split_once(" on resource: ").unwrap();
        let (resource, _) = rest.split_once(" because ").unwrap();
        policies.push(allow(action, resource));
        asked.push((action.to_owned(), resource.to_owned()));
        assert!(asked.len() < 10, "{asked:?}");
    }
}

/// The call with the first account's resource named in full, where the operation can do that.
fn foreign(operation: &'static Operation) -> Option<Call> {
    let mut input = samples::input(operation);
    let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:echo");
    let layer = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools");
    let group = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/echo");
    let members = input.as_object_mut().unwrap();
    if members.contains_key("QueueUrl") {
        // The sample names the first account's queue already.
    } else if operation.name == "GetQueueUrl" {
        members.insert("QueueOwnerAWSAccountId".to_owned(), ACCOUNT.into());
    } else if members.contains_key("FunctionName") {
        members.insert("FunctionName".to_owned(), function.into());
    } else if members.contains_key("LayerName") {
        members.insert("LayerName".to_owned(), layer.into());
    } else if members.contains_key("Resource") {
        members.insert("Resource".to_owned(), function.into());
    } else if members.remove("logGroupName").is_some() {
        members.insert("logGroupIdentifier".to_owned(), group.into());
    } else if !matches!(
        operation.name,
        "GetPolicy" | "GetPolicyVersion" | "DeletePolicy" | "GetLayerVersionByArn"
    ) {
        return None;
    }
    Some(samples::request(operation, &input))
}
