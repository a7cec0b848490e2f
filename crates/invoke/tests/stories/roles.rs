//! The execution role's sessions: one for each environment, for as long as it lives.

use invoke::AssumeError;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::programs::{self, Latch, variable};
use testkit::{Platform, ROLE, Setup};

/// Answers with the credentials that it has.
fn keyring() -> worker::simulation::Program {
    programs::program(|mut guest| async move {
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let keys = json!(names.map(|name| variable(guest.spec(), name)));
        while let Ok(work) = guest.next().await {
            if guest.respond(&work.id(), keys.to_string()).await.is_err() {
                break;
            }
        }
        0
    })
}

async fn key(platform: &Platform, function: &str) -> String {
    let keys = platform.invoke(function, Value::Null).await.ok().json();
    let key = keys[0].as_str().unwrap().to_owned();
    assert_eq!(keys, json!([key, format!("secret of {key}"), format!("token of {key}")]));
    key
}

#[tokio::test]
async fn each_environment_has_a_session_named_after_its_function() {
    let platform = Platform::start().await;
    platform.deploy("one", keyring()).await;
    platform.deploy("two", keyring()).await;
    let (one, two) = (key(&platform, "one").await, key(&platform, "two").await);
    assert_eq!(key(&platform, "one").await, one, "the same environment keeps its session");
    let session = |name: &str| (ROLE.to_owned(), name.to_owned());
    assert_eq!(platform.roles.sessions(), [(one, session("one")), (two, session("two"))].into());
}

#[tokio::test]
async fn a_session_ends_with_its_environment() {
    let platform = Platform::with(Setup { idle: Duration::from_secs(60), ..Setup::default() }).await;
    let dying = programs::program(|mut guest| async move {
        let _ = guest.next().await;
        256
    });
    platform.deploy("dying", dying).await;
    platform.invoke("dying", Value::Null).await.ok();
    assert!(platform.roles.sessions().is_empty(), "destroyed");
    platform.deploy("f", keyring()).await;
    key(&platform, "f").await;
    platform.update_configuration("f", json!({"Timeout": 9})).await.ok();
    assert!(platform.roles.sessions().is_empty(), "retired");
    platform.settled("f").await;
    key(&platform, "f").await;
    platform.pass(Duration::from_secs(75)).await;
    platform.alive(0).await;
    assert!(platform.roles.sessions().is_empty(), "idle for too long");
    key(&platform, "f").await;
    platform.plane.shutdown(Duration::ZERO).await;
    assert!(platform.roles.sessions().is_empty(), "the end");
}

#[tokio::test]
async fn a_session_lasts_while_an_invocation_runs_whose_caller_is_gone() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    tokio::select! {
        _ = platform.invoke("held", Value::Null) => panic!("the latch is closed"),
        () = latch.reached(1) => {}
    }
    platform.delete("held").await.ok();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(platform.roles.sessions().len(), 1);
    latch.open();
    platform.alive(0).await;
    assert!(platform.roles.sessions().is_empty());
}

#[tokio::test]
async fn an_old_environment_gets_no_further_invocation() {
    let age = Duration::from_secs(3600);
    let platform = Platform::with(Setup { environment_age: age, idle: 10 * age, ..Setup::default() }).await;
    platform.deploy("f", keyring()).await;
    let first = key(&platform, "f").await;
    platform.pass(age / 2).await;
    assert_eq!(key(&platform, "f").await, first);
    platform.pass(age / 2 + Duration::from_secs(1)).await;
    assert_ne!(key(&platform, "f").await, first);
    platform.alive(1).await;
    assert_eq!(platform.roles.sessions().len(), 1);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_the_callers_to_know_and_leaves_nothing() {
    let platform = Platform::with(Setup { account_concurrency: 1, ..Setup::default() }).await;
    platform.deploy("f", keyring()).await;
    platform.roles.refuse(ROLE, Some(AssumeError::Refused));
    for _ in 0..3 {
        let message = "The role defined for the function cannot be assumed by Lambda.".to_owned();
        let expected = (403, "AccessDeniedException".to_owned(), message);
        assert_eq!(platform.invoke("f", Value::Null).await.error(), expected);
    }
    platform.roles.refuse(ROLE, Some(AssumeError::Failed("a detail".to_owned())));
    let failed = platform.invoke("f", Value::Null).await;
    assert_eq!((failed.status.as_u16(), failed.code()), (500, "ServiceException"));
    assert!(!failed.message().contains("detail"), "the cause is for the operator");
    assert_eq!((platform.simulation.started(), platform.roles.sessions().len()), (0, 0));
    platform.roles.refuse(ROLE, None);
    let warm = key(&platform, "f").await;
    platform.roles.refuse(ROLE, Some(AssumeError::Refused));
    assert_eq!(key(&platform, "f").await, warm, "what runs goes on with what it has");
}

#[tokio::test]
async fn a_cold_start_that_fails_leaves_no_session() {
    let platform = Platform::start().await;
    platform.deploy("f", keyring()).await;
    platform.gates.fail("f", 1);
    assert_eq!(platform.invoke("f", Value::Null).await.code(), "ServiceException");
    assert!(platform.roles.sessions().is_empty());
    platform.gates.close("f");
    tokio::select! {
        _ = platform.invoke("f", Value::Null) => panic!("the gate is closed"),
        () = async {
            while platform.gates.waiting() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        } => {}
    }
    while !platform.roles.sessions().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    platform.gates.open("f");
    platform.alive(0).await;
}
