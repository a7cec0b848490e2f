//! Environments that can't be made: what callers are told, and that nothing is left.

use super::environments::{base64, environment};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::sync::Arc;
use store::Transaction;
use store::records::FunctionRecord;
use testkit::programs;
use testkit::{Failure, Platform, Setup};
use worker::IsolationError;

#[tokio::test]
async fn failed_cold_starts_leave_nothing_queued() {
    let platform = Platform::with(Setup { max_environments: 2, ..Setup::default() }).await;
    platform.deploy("f", programs::introduce()).await;
    platform.gates.fail("f", 6);
    for _ in 0..3 {
        let (one, two) = tokio::join!(platform.invoke("f", Value::Null), platform.invoke("f", Value::Null));
        assert_eq!((one.code(), two.code()), ("ServiceException", "ServiceException"));
    }
    assert_eq!(platform.simulation.started(), 0);
    environment(&platform.invoke("f", Value::Null).await);
    assert_eq!(platform.simulation.started(), 1);
}

#[tokio::test]
async fn a_failed_creation_is_an_error_and_leaves_nothing() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    platform.gates.fail("echo", 1);
    let failed = platform.invoke("echo", json!({})).await;
    assert_eq!((failed.status.as_u16(), failed.code()), (500, "ServiceException"));
    assert!(!failed.message().contains("test"), "the cause is for the operator");
    platform.invoke("echo", json!({})).await.ok();
}

/// A machine that has no room for another one is full, not broken: what is idle goes, and where nothing is, the caller is to
/// try again.
#[tokio::test]
async fn an_isolation_without_room_for_another_environment_is_a_full_worker() {
    let platform = Platform::start().await;
    platform.deploy("idle", programs::introduce()).await;
    platform.deploy("echo", programs::echo()).await;
    let full = || IsolationError::full("no user is free: a detail");
    platform.gates.fail_with("echo", 1, full);
    let refused = platform.invoke("echo", json!({})).await;
    assert_eq!(refused.error(), (429, "TooManyRequestsException".to_owned(), "Rate Exceeded.".to_owned()));
    assert_eq!(refused.json()["Reason"], "ConcurrentInvocationLimitExceeded");
    environment(&platform.invoke("idle", Value::Null).await);
    platform.gates.fail_with("echo", 1, full);
    platform.invoke("echo", json!({})).await.ok();
    platform.alive(1).await;
}

/// What the program of a runtime that everybody uses comes to is the operator's business too.
#[tokio::test]
async fn each_kind_of_failed_creation_is_told_in_the_services_own_words() {
    const FAILURES: [Failure; 3] = [
        || IsolationError::machine("opening the runtime root: a detail"),
        || IsolationError::Program { program: "a detail".to_owned(), source: ErrorKind::NotFound.into() },
        || panic!("a detail"),
    ];
    let platform =
        Platform::with(Setup { max_environments: 1, account_concurrency: 1, ..Setup::default() }).await;
    platform.deploy("f", programs::introduce()).await;
    for (turn, failure) in FAILURES.into_iter().enumerate() {
        platform.gates.fail_with("f", 1, failure);
        let failed = platform.invoke("f", Value::Null).await;
        assert_eq!((failed.status.as_u16(), failed.code()), (500, "ServiceException"));
        assert!(!failed.message().contains("detail"), "the cause is for the operator");
        assert_eq!(environment(&platform.invoke("f", Value::Null).await), turn as u64);
        platform.update_code("f", json!({"ZipFile": base64(&testkit::zip(&[turn as u8]))})).await.ok();
        platform.settled("f").await;
        platform.alive(0).await;
    }
}

/// An initialisation that fails is repeated inside of the invocation; where that can't be, another environment gets it.
#[tokio::test]
async fn a_creation_that_fails_inside_of_an_invocation_is_made_up_for_by_another_environment() {
    let platform = Platform::start().await;
    let gates = Arc::clone(&platform.gates);
    let program = programs::program(move |guest| {
        let gates = Arc::clone(&gates);
        async move {
            if guest.start() == 0 {
                gates.fail("f", 1);
                return 256;
            }
            programs::echo()(guest).await
        }
    });
    platform.deploy("f", program).await;
    let answer = platform.invoke("f", json!({"n": 1})).await.ok();
    assert_eq!((answer.json(), answer.header("x-amz-function-error")), (json!({"n": 1}), ""));
    assert_eq!(platform.simulation.started(), 2);
    platform.alive(1).await;
}

#[tokio::test]
async fn a_package_that_is_lost_is_an_error_each_time_and_holds_nothing() {
    let platform = Platform::with(Setup { account_concurrency: 1, ..Setup::default() }).await;
    platform.deploy("echo", programs::echo()).await;
    let blob = platform.functions().await[0].code.blob;
    platform.store.blobs().delete(blob).await.unwrap();
    for _ in 0..3 {
        assert_eq!(platform.invoke("echo", json!({})).await.code(), "ServiceException");
    }
    platform.update_code("echo", json!({"ZipFile": base64(&testkit::zip(b"new"))})).await.ok();
    platform.invoke("echo", json!({})).await.ok();
}

#[tokio::test]
async fn a_runtime_that_is_not_installed_any_more_is_named() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    let mut record = platform.functions().await.remove(0);
    record.configuration.runtime = "python3.8".parse().unwrap();
    let place = FunctionRecord::place(record.account, &record.name).unwrap();
    let mut change = Transaction::new();
    change.put(&place, &record);
    platform.store.commit(change).await.unwrap();
    let refused = platform.invoke("echo", json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (502, "InvalidRuntimeException"));
    assert!(refused.message().contains("python3.8"), "{}", refused.message());
}
