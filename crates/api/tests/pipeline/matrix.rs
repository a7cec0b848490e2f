//! The permission matrix: every built operation against every kind of caller, held in `tests/golden/permissions.txt`.
//!
//! A user without policies is told what is missing, action by action; what comes out is what the operation asks for. A
//! new operation without a line in the file fails; `LAMBENT_WRITE_GOLDEN=1` writes the file.

use crate::client::{Answer, Call};
use crate::people::{ACCOUNT, Key, allow, user};
use crate::platform::Platform;
use crate::samples;
use std::fmt::Write;
use wire::Operation;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/permissions.txt");
const HEADER: &str = "\
# operation: what it asks for
#     root | user with exactly that | with that on another resource | with another action | other account's root | anonymous
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
    let grant =
        |change: fn(&str, &str) -> String| asked.iter().map(|(a, r)| change(a, r)).collect::<Vec<_>>();
    let exactly = grant(allow);
    let elsewhere = grant(|action, resource| allow(action, &other(resource)));
    let other_action = grant(|action, resource| allow(&format!("{action}Other"), resource));
    let (mut cells, foreign) = (Vec::new(), foreign(operation));
    cells.push(allowed(&platform.call(&call, &platform.root).await));
    for policies in [exactly, elsewhere, other_action] {
        cells.push(allowed(&as_user(platform, &call, &bob, &policies).await));
    }
    cells.push(match foreign {
        Some(call) => allowed(&platform.call(&call, &platform.neighbour).await),
        None => "own",
    });
    cells.push(allowed(&platform.send(&call, None).await));
    writeln!(text, "{operation:?}: {questions}\n    {}", cells.join(" | ")).unwrap();
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
    if members.contains_key("FunctionName") {
        members.insert("FunctionName".to_owned(), function.into());
    } else if members.contains_key("LayerName") {
        members.insert("LayerName".to_owned(), layer.into());
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
