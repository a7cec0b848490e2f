//! What a caller may send, and what it gets back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::time::Duration;
use testkit::programs;
use testkit::{Activate, Platform, Setup};

const REQUEST_BYTES: usize = 6_291_456;
const ANSWER_BYTES: usize = 6_291_556;

#[tokio::test]
async fn what_is_not_json_is_refused_before_an_environment_is_touched() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    for payload in ["{", "nul", "{}x", "'a'"] {
        let refused = platform.invoke_with("echo", &[], payload).await;
        let (status, code, message) = refused.error();
        assert_eq!((status, code.as_str()), (400, "InvalidRequestContentException"));
        let beginning = "Could not parse request body into json: Could not parse payload into json: ";
        assert!(message.starts_with(beginning), "{message}");
    }
    assert_eq!(platform.simulation.started(), 0);
    assert_eq!(platform.invoke_with("echo", &[], "").await.ok().json(), json!({}));
}

#[tokio::test]
async fn the_largest_request_passes_and_a_larger_one_does_not() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    let event = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
    let answer = platform.invoke_with("echo", &[], event(REQUEST_BYTES)).await.ok();
    assert_eq!(answer.body.len(), REQUEST_BYTES);
    let refused = platform.invoke_with("echo", &[], event(REQUEST_BYTES + 1)).await;
    let message = "Request must be smaller than 6291456 bytes for the InvokeFunction operation".to_owned();
    assert_eq!(refused.error(), (413, "RequestEntityTooLargeException".to_owned(), message));
}

#[tokio::test]
async fn the_largest_answer_passes_and_a_larger_one_is_the_functions_error() {
    let platform = Platform::start().await;
    platform.deploy("large", programs::answer_of(ANSWER_BYTES)).await;
    platform.deploy("larger", programs::answer_of(ANSWER_BYTES + 1)).await;
    let answer = platform.invoke("large", json!({})).await.ok();
    assert_eq!((answer.body.len(), answer.header("x-amz-function-error")), (ANSWER_BYTES, ""));
    let error = platform.invoke("larger", json!({})).await.ok();
    assert_eq!(error.header("x-amz-function-error"), "Unhandled");
    assert_eq!(error.json()["errorType"], "Function.ResponseSizeTooLarge");
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    assert_eq!(error.json()["errorMessage"], message);
}

#[tokio::test]
async fn the_client_context_reaches_the_function() {
    let platform = Platform::start().await;
    let context = programs::program(|mut guest| async move {
        while let Ok(work) = guest.next().await {
            let context = work.headers.get("lambda-runtime-client-context").cloned();
            let context = context.map_or_else(|| "null".into(), |value| value.as_bytes().to_vec());
            guest.respond(&work.id(), context).await.unwrap();
        }
        0
    });
    platform.deploy("context", context).await;
    let sent = STANDARD.encode(r#"{"custom": {"a": "b"}}"#);
    let answer = platform.invoke_with("context", &[("x-amz-client-context", &sent)], "{}").await.ok();
    assert_eq!(answer.json(), json!({"custom": {"a": "b"}}));
    for bad in ["%", &STANDARD.encode("[]"), &STANDARD.encode("{")] {
        let refused = platform.invoke_with("context", &[("x-amz-client-context", bad)], "{}").await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "InvalidRequestContentException"));
    }
    let long = "x".repeat(3584);
    let refused = platform.invoke_with("context", &[("x-amz-client-context", &long)], "{}").await;
    assert_eq!(refused.status.as_u16(), 400);
}

#[tokio::test]
async fn the_tail_of_the_log_comes_along_where_it_is_asked_for() {
    let platform = Platform::start().await;
    let talk = programs::program(|mut guest| async move {
        while let Ok(work) = guest.next().await {
            guest.print(format!("{}the end: ä\n", "filling\n".repeat(1000))).await.unwrap();
            guest.respond(&work.id(), "1").await.unwrap();
        }
        0
    });
    platform.deploy("talk", talk).await;
    assert_eq!(platform.invoke("talk", json!({})).await.ok().header("x-amz-log-result"), "");
    let answer = platform.invoke_with("talk", &[("x-amz-log-type", "Tail")], "{}").await.ok();
    let tail = STANDARD.decode(answer.header("x-amz-log-result")).unwrap();
    assert!(tail.len() <= 4096, "{}", tail.len());
    let tail = String::from_utf8(tail).unwrap();
    assert!(tail.contains("the end: ä"), "{tail}");
    assert!(tail.contains("REPORT RequestId: "), "{tail}");
}

#[tokio::test]
async fn an_error_of_the_function_is_no_error_of_the_call() {
    let platform = Platform::start().await;
    let fail = programs::program(|mut guest| async move {
        while let Ok(work) = guest.next().await {
            let body = r#"{"errorMessage": "no", "errorType": "ValueError"}"#;
            guest.fail(&work.id(), "ValueError", body).await.unwrap();
        }
        0
    });
    platform.deploy("fail", fail).await;
    let answer = platform.invoke("fail", json!({})).await.ok();
    assert_eq!((answer.status.as_u16(), answer.header("x-amz-function-error")), (200, "Unhandled"));
    assert_eq!(answer.json()["errorMessage"], "no");
    platform.invoke("fail", json!({})).await.ok();
    assert_eq!(platform.simulation.started(), 1, "the environment is still good");
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    let dry = [("x-amz-invocation-type", "DryRun")];
    let answer = platform.invoke_with("echo", &dry, "{}").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(platform.invoke_with("nobody", &dry, "{}").await.status.as_u16(), 404);
    assert_eq!(platform.simulation.started(), 0);
}

#[tokio::test]
async fn event_invocations_are_refused_by_name() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    let refused = platform.invoke_with("echo", &[("x-amz-invocation-type", "Event")], "{}").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "InvalidParameterValueException"));
    assert!(refused.message().contains("InvocationType Event"), "{}", refused.message());
}

#[tokio::test]
async fn every_form_of_a_name_is_understood_and_other_accounts_are_closed() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    for name in [
        "echo",
        "echo:$LATEST",
        "function:echo",
        "000000000000:function:echo",
        "arn:aws:lambda:us-east-1:000000000000:function:echo",
    ] {
        platform.invoke(name, json!({})).await.ok();
    }
    for name in ["echo:1", "echo:live", "arn:aws:lambda:eu-west-1:000000000000:function:echo"] {
        assert_eq!(platform.invoke(name, json!({})).await.status.as_u16(), 404, "{name}");
    }
    let elsewhere = platform.invoke("arn:aws:lambda:eu-west-1:000000000000:function:echo", json!({})).await;
    let message = "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')";
    assert_eq!(elsewhere.message(), message);
    let other = platform.invoke("123456789012:function:echo", json!({})).await;
    assert_eq!((other.status.as_u16(), other.code()), (403, "AccessDeniedException"));
}

#[tokio::test]
async fn an_invocation_waits_for_a_function_that_is_being_created() {
    let platform = Platform::with(Setup { activate: Activate::OnDemand, ..Setup::default() }).await;
    platform.script("echo", programs::echo());
    platform.create(platform.minimal("echo")).await.ok();
    let (answer, ()) = tokio::join!(platform.invoke("echo", json!({"a": 1})), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(platform.simulation.started(), 0);
        platform.activate();
    });
    assert_eq!(answer.ok().json(), json!({"a": 1}));
}

#[tokio::test]
async fn an_invocation_waits_five_seconds_at_most() {
    let platform = Platform::with(Setup { activate: Activate::OnDemand, ..Setup::default() }).await;
    platform.create(platform.minimal("echo")).await.ok();
    let (refused, ()) = tokio::join!(platform.invoke("echo", json!({})), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        platform.pass(Duration::from_secs(6)).await;
    });
    let message = "The operation cannot be performed at this time. The function is currently in the following state: \
                   Pending";
    assert_eq!(refused.error(), (409, "ResourceConflictException".to_owned(), message.to_owned()));
}

#[tokio::test]
async fn environments_that_end_after_an_answer_are_not_noticed() {
    let platform = Platform::start().await;
    // Each environment answers once and ends: the next invocation may find it ending, ended or gone.
    let once = programs::program(|mut guest| async move {
        let Ok(work) = guest.next().await else { return 0 };
        guest.respond(&work.id(), "1").await.unwrap();
        0
    });
    platform.deploy("once", once).await;
    for _ in 0..50 {
        let answer = platform.invoke("once", json!({})).await.ok();
        assert_eq!(answer.header("x-amz-function-error"), "", "{answer:?}");
    }
}

#[tokio::test]
async fn the_tracing_header_reaches_the_function_and_comes_back() {
    let platform = Platform::start().await;
    let trace = programs::program(|mut guest| async move {
        while let Ok(work) = guest.next().await {
            let trace = work.headers.get("lambda-runtime-trace-id").and_then(|trace| trace.to_str().ok());
            guest.respond(&work.id(), json!(trace).to_string()).await.unwrap();
        }
        0
    });
    platform.deploy("trace", trace).await;
    let own = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let answer = platform.invoke_with("trace", &[("x-amzn-trace-id", own)], "{}").await.ok();
    assert_eq!((answer.json().as_str(), answer.header("x-amzn-trace-id")), (Some(own), own));
    let answer = platform.invoke("trace", json!({})).await.ok();
    let given = answer.header("x-amzn-trace-id");
    assert_eq!(answer.json().as_str(), Some(given));
    assert!(given.starts_with("Root=1-") && given.ends_with(";Sampled=0"), "{given}");
}
