//! The path of an invocation: what reaches the data plane, and what comes back.

use crate::client::{Answer, Call};
use crate::handlers::Behaviour;
use crate::platform::Platform;
use crate::samples;
use api::{InvocationType, LogType};
use types::ServiceError;

/// `NAME` or `NAME?Qualifier=…`.
fn invoke(function: &str) -> Call {
    let (name, query) = function.split_once('?').unwrap_or((function, ""));
    let target = format!("/2015-03-31/functions/{name}/invocations?{query}");
    Call::new("POST", target.trim_end_matches('?'), "lambda").body("{\"n\":1}")
}

fn error(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.code(), answer.message())
}

#[tokio::test]
async fn what_the_caller_asked_for_reaches_the_data_plane() {
    let platform = Platform::start().await;
    let call = invoke("echo?Qualifier=live")
        .header("x-amz-log-type", "Tail")
        .header("x-amz-client-context", "e30=")
        .header("x-amzn-trace-id", "Root=1-5f84c7a1-0123456789abcdef01234567");
    assert_eq!(platform.call(&call, &platform.root).await.status, 200);
    for kind in ["Event", "DryRun", "RequestResponse"] {
        platform.call(&invoke("echo").header("x-amz-invocation-type", kind), &platform.root).await;
    }
    let seen = platform.desk.invocations.lock().unwrap().clone();
    let first = &seen[0];
    assert_eq!(first.function.arn(), "arn:aws:lambda:us-east-1:000000000000:function:echo:live");
    assert_eq!((first.kind, first.log), (InvocationType::RequestResponse, LogType::Tail));
    assert_eq!(first.client_context.as_deref(), Some("e30="));
    assert_eq!(first.trace_id.as_deref(), Some("Root=1-5f84c7a1-0123456789abcdef01234567"));
    assert_eq!(first.payload, "{\"n\":1}");
    let kinds: Vec<InvocationType> = seen[1..].iter().map(|invocation| invocation.kind).collect();
    assert_eq!(kinds, [InvocationType::Event, InvocationType::DryRun, InvocationType::RequestResponse]);
}

#[tokio::test]
async fn what_the_data_plane_says_comes_back_in_headers_and_body() {
    let platform = Platform::start().await;
    {
        let mut answer = platform.desk.answer.lock().unwrap();
        answer.executed_version = types::Version::Number(7);
        answer.function_error = Some("Unhandled");
        answer.log_tail = Some("U1RBUlQ=".to_owned());
        answer.payload = r#"{"errorMessage":"no"}"#.into();
    }
    let answer = platform.call(&invoke("echo"), &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, r#"{"errorMessage":"no"}"#));
    assert_eq!(answer.header("x-amz-executed-version"), "7");
    assert_eq!(answer.header("x-amz-function-error"), "Unhandled");
    assert_eq!(answer.header("x-amz-log-result"), "U1RBUlQ=");
    assert_eq!(answer.header("content-type"), "application/json");
    platform.desk.answer.lock().unwrap().log_tail = Some("a\r\nset-cookie: b".to_owned());
    let answer = platform.call(&invoke("echo"), &platform.root).await;
    assert_eq!((answer.header("x-amz-log-result"), answer.header("set-cookie")), ("", ""));
    platform.desk.answer.lock().unwrap().status = 204;
    platform.desk.answer.lock().unwrap().payload = Default::default();
    let answer = platform.call(&invoke("echo"), &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
}

#[tokio::test]
async fn a_qualifier_in_both_places_must_agree() {
    let platform = Platform::start().await;
    let answer = platform.call(&invoke("echo%3Alive?Qualifier=beta"), &platform.root).await;
    let text = "The derived qualifier from the function name does not match the specified qualifier.";
    assert_eq!(error(&answer), (400, "InvalidParameterValueException".to_owned(), text.to_owned()));
    assert_eq!(platform.call(&invoke("echo%3Alive?Qualifier=live"), &platform.root).await.status, 200);
}

#[tokio::test]
async fn modes_and_names_outside_the_model_break_a_constraint() {
    let platform = Platform::start().await;
    for (call, member) in [
        (invoke("echo").header("x-amz-invocation-type", "Sometimes"), "'invocationType'"),
        (invoke("echo").header("x-amz-invocation-type", ""), "'invocationType'"),
        (invoke("echo").header("x-amz-log-type", "Head"), "'logType'"),
        (invoke("no%20good"), "'functionName'"),
        (invoke("echo?Qualifier=no%20good"), "'qualifier'"),
    ] {
        let answer = platform.call(&call, &platform.root).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "ValidationException"),
            "{member}"
        );
        let begins = "1 validation error detected: Value '";
        assert!(
            answer.message().starts_with(begins) && answer.message().contains(member),
            "{}",
            answer.text()
        );
    }
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

/// The last invocation's tracing header is one that the service made.
fn assert_new_trace(platform: &Platform) {
    let trace = platform.desk.invocations.lock().unwrap().last().unwrap().trace_id.clone().unwrap();
    let parts: Vec<_> = trace.split(['=', '-', ';']).collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    assert_eq!(lengths, [4, 1, 8, 24, 6, 16, 7, 1], "{trace}");
    assert_eq!([parts[0], parts[1], parts[4], parts[6], parts[7]], ["Root", "1", "Parent", "Sampled", "0"]);
    let hexadecimal = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    assert!([parts[2], parts[3], parts[5]].into_iter().all(hexadecimal), "{trace}");
}

#[tokio::test]
async fn an_invocation_without_a_tracing_header_gets_one() {
    let platform = Platform::start().await;
    assert_eq!(platform.call(&invoke("echo"), &platform.root).await.status, 200);
    assert_new_trace(&platform);
}

#[tokio::test]
async fn headers_have_their_limits_and_parameters_that_are_not_built_are_refused() {
    let platform = Platform::start().await;
    let fits = invoke("echo").header("x-amz-client-context", &"e".repeat(3583));
    assert_eq!(platform.call(&fits, &platform.root).await.status, 200);
    let long = invoke("echo").header("x-amz-client-context", &"e".repeat(3584));
    let answer = platform.call(&long, &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "InvalidRequestContentException"));
    let trace = invoke("echo").header("x-amzn-trace-id", &"R".repeat(513));
    assert_eq!(platform.call(&trace, &platform.root).await.status, 200);
    assert_new_trace(&platform);
    let tenant = platform.call(&invoke("echo").header("x-amz-tenant-id", "t"), &platform.root).await;
    assert_eq!(tenant.message(), "Lambent does not implement TenantId yet. Leave it out.");
}

#[tokio::test]
async fn a_throttled_caller_is_told_why_and_when_to_try_again() {
    let platform = Platform::start().await;
    let throttled = ServiceError::caller("TooManyRequestsException", 429, "Rate Exceeded.")
        .with("Reason", "ConcurrentInvocationLimitExceeded")
        .with("retryAfterSeconds", "1");
    platform.desk.will(Behaviour::Fail(throttled));
    let answer = platform.call(&samples::least("lambda", "Invoke"), &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "1"));
    assert_eq!(
        answer.json(),
        serde_json::json!({
            "Type": "User",
            "message": "Rate Exceeded.",
            "Reason": "ConcurrentInvocationLimitExceeded",
        })
    );
}
