//! Which environment an invocation gets, and how long environments live.

use serde_json::{Value, json};
use std::time::Duration;
use testkit::programs::{self, Latch};
use testkit::{Platform, Reply, Setup};

pub(crate) fn environment(reply: &Reply) -> u64 {
    let number = reply.clone().ok().json()["environment"].as_u64();
    number.unwrap_or_else(|| panic!("{reply:?}"))
}

#[tokio::test]
async fn invocations_one_after_the_other_share_one_environment() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    for n in 0..20 {
        let answer = platform.invoke("echo", json!({"n": n})).await.ok();
        assert_eq!(answer.json(), json!({"n": n}));
        assert_eq!(answer.header("x-amz-executed-version"), "$LATEST");
    }
    assert_eq!(platform.simulation.started(), 1);
}

#[tokio::test]
async fn the_environment_that_was_used_last_is_used_next() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    let both = async {
        tokio::join!(platform.invoke("held", Value::Null), platform.invoke("held", Value::Null));
    };
    tokio::join!(both, async {
        latch.reached(2).await;
        latch.open();
    });
    let last = environment(&platform.invoke("held", Value::Null).await);
    for _ in 0..5 {
        assert_eq!(environment(&platform.invoke("held", Value::Null).await), last);
    }
    assert_eq!(platform.simulation.started(), 2);
}

#[tokio::test]
async fn invocations_at_the_same_time_start_no_more_environments_than_they_are() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    let calls = async {
        let invoke = || platform.invoke("held", Value::Null);
        tokio::join!(invoke(), invoke(), invoke(), invoke(), invoke(), invoke(), invoke(), invoke())
    };
    let (answers, ()) = tokio::join!(calls, async {
        latch.reached(8).await;
        latch.open();
    });
    environment(&answers.0);
    environment(&answers.7);
    assert_eq!(platform.simulation.started(), 8);
    environment(&platform.invoke("held", Value::Null).await);
    assert_eq!(platform.simulation.started(), 8);
}

#[tokio::test]
async fn a_cold_start_does_not_delay_another_functions() {
    let platform = Platform::start().await;
    platform.deploy("slow", programs::introduce()).await;
    platform.deploy("fast", programs::introduce()).await;
    platform.gates.close("slow");
    let slow = platform.invoke("slow", Value::Null);
    let fast = async {
        while platform.gates.waiting() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let answer = platform.invoke("fast", Value::Null).await;
        assert_eq!(platform.gates.waiting(), 1, "the slow one still waits");
        platform.gates.open("slow");
        answer
    };
    let (slow, fast) = tokio::join!(slow, fast);
    environment(&slow);
    environment(&fast);
}

#[tokio::test]
async fn after_an_update_the_new_code_serves_and_old_environments_end() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    // One environment is idle, one is busy when the code changes.
    let busy_and_idle = async {
        tokio::join!(platform.invoke("held", Value::Null), platform.invoke("held", Value::Null));
    };
    tokio::join!(busy_and_idle, async {
        latch.reached(2).await;
        latch.open();
    });
    platform.alive(2).await;
    latch.close();
    let busy = platform.invoke("held", Value::Null);
    let update = async {
        latch.reached(1).await;
        let code = json!({"ZipFile": base64(&testkit::zip(b"new"))});
        platform.update_code("held", code).await.ok();
        platform.settled("held").await;
        platform.alive(1).await;
        latch.open();
    };
    let (old, ()) = tokio::join!(busy, update);
    platform.alive(0).await;
    let new = platform.invoke("held", Value::Null).await.ok().json();
    assert_ne!(old.ok().json()["code"], new["code"]);
    assert_eq!(
        environment(&platform.invoke("held", Value::Null).await),
        new["environment"].as_u64().unwrap()
    );
}

#[tokio::test]
async fn a_deleted_function_is_gone_with_the_next_request() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::echo()).await;
    platform.invoke("echo", json!({})).await.ok();
    platform.delete("echo").await.ok();
    let message = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:echo".to_owned();
    let expected = (404, "ResourceNotFoundException".to_owned(), message);
    assert_eq!(platform.invoke("echo", json!({})).await.error(), expected);
    platform.alive(0).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let platform = Platform::with(Setup { account_concurrency: 1, ..Setup::default() }).await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    tokio::select! {
        _ = platform.invoke("held", Value::Null) => panic!("the latch is closed"),
        () = latch.reached(1) => {}
    }
    // The invocation goes on, and counts.
    assert_eq!(platform.invoke("held", Value::Null).await.status.as_u16(), 429);
    latch.open();
    latch.reached(0).await;
    let answer = loop {
        let answer = platform.invoke("held", Value::Null).await;
        if answer.status.as_u16() != 429 {
            break answer;
        }
    };
    assert_eq!(environment(&answer), 0, "the environment is used again");
    assert_eq!(platform.simulation.started(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_during_a_cold_start_gives_its_admission_back() {
    let platform = Platform::with(Setup { account_concurrency: 1, ..Setup::default() }).await;
    platform.deploy("slow", programs::introduce()).await;
    platform.gates.close("slow");
    tokio::select! {
        _ = platform.invoke("slow", Value::Null) => panic!("the gate is closed"),
        () = async {
            while platform.gates.waiting() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        } => {}
    }
    platform.gates.open("slow");
    let answer = loop {
        let answer = platform.invoke("slow", Value::Null).await;
        if answer.status.as_u16() != 429 {
            break answer;
        }
    };
    environment(&answer);
    platform.alive(1).await;
}

#[tokio::test]
async fn idle_environments_end_after_their_time() {
    let platform = Platform::with(Setup { idle: Duration::from_secs(60), ..Setup::default() }).await;
    platform.deploy("echo", programs::echo()).await;
    platform.invoke("echo", json!({})).await.ok();
    platform.pass(Duration::from_secs(30)).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(platform.simulation.alive(), 1);
    platform.pass(Duration::from_secs(41)).await;
    platform.alive(0).await;
    platform.invoke("echo", json!({})).await.ok();
    assert_eq!(platform.simulation.started(), 2);
}

#[tokio::test]
async fn a_full_worker_ends_what_was_idle_longest() {
    let platform = Platform::with(Setup { max_environments: 2, ..Setup::default() }).await;
    for function in ["a", "b", "c"] {
        platform.deploy(function, programs::introduce()).await;
    }
    let [a, b] = [
        environment(&platform.invoke("a", Value::Null).await),
        environment(&platform.invoke("b", Value::Null).await),
    ];
    let c = environment(&platform.invoke("c", Value::Null).await);
    assert_eq!(environment(&platform.invoke("b", Value::Null).await), b, "the younger one was kept");
    assert_ne!(environment(&platform.invoke("a", Value::Null).await), a);
    assert_ne!(environment(&platform.invoke("c", Value::Null).await), c);
    assert_eq!(platform.simulation.alive(), 2);
}

#[tokio::test]
async fn limits_that_are_handed_out_come_back_from_what_is_idle() {
    // Two functions of 128 MB and 512 MB of /tmp, and an eighth for other accounts.
    let platform = Platform::with(Setup { max_committed_mb: 2 * 740, ..Setup::default() }).await;
    for function in ["a", "b", "c"] {
        platform.deploy(function, programs::introduce()).await;
    }
    for function in ["a", "b", "c", "a"] {
        environment(&platform.invoke(function, Value::Null).await);
        assert!(platform.simulation.alive() <= 2);
    }
}

#[tokio::test]
async fn a_worker_that_is_full_of_work_refuses() {
    let platform = Platform::with(Setup { max_environments: 1, ..Setup::default() }).await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    let refused = async {
        latch.reached(1).await;
        let refused = platform.invoke("held", Value::Null).await;
        latch.open();
        refused
    };
    let (answered, refused) = tokio::join!(platform.invoke("held", Value::Null), refused);
    answered.ok();
    assert_eq!(refused.error(), (429, "TooManyRequestsException".to_owned(), "Rate Exceeded.".to_owned()));
    assert_eq!(refused.json()["Reason"], "ConcurrentInvocationLimitExceeded");
}

#[tokio::test]
async fn a_change_makes_room_in_a_full_worker() {
    let platform = Platform::with(Setup { max_environments: 1, ..Setup::default() }).await;
    platform.deploy("echo", programs::introduce()).await;
    for timeout in 1..10 {
        environment(&platform.invoke("echo", Value::Null).await);
        platform.update_configuration("echo", json!({"Timeout": timeout})).await.ok();
    }
}

#[tokio::test]
async fn a_changing_function_never_fails() {
    let platform = Platform::start().await;
    platform.deploy("echo", programs::introduce()).await;
    let changes = async {
        for version in 0..20 {
            let code = json!({"ZipFile": base64(&testkit::zip(format!("v{version}").as_bytes()))});
            platform.update_code("echo", code).await.ok();
        }
    };
    let calls = async {
        for _ in 0..100 {
            environment(&platform.invoke("echo", Value::Null).await);
        }
    };
    tokio::join!(changes, calls, async {
        for _ in 0..100 {
            environment(&platform.invoke("echo", Value::Null).await);
        }
    });
}

#[tokio::test]
async fn functions_that_alternate_keep_their_environments() {
    let platform = Platform::start().await;
    platform.deploy("a", programs::introduce()).await;
    platform.deploy("b", programs::introduce()).await;
    let first = [
        environment(&platform.invoke("a", Value::Null).await),
        environment(&platform.invoke("b", Value::Null).await),
    ];
    for _ in 0..20 {
        assert_eq!(environment(&platform.invoke("a", Value::Null).await), first[0]);
        assert_eq!(environment(&platform.invoke("b", Value::Null).await), first[1]);
    }
}

#[tokio::test]
async fn a_time_out_ends_the_environment_and_still_returns_its_log() {
    let platform = Platform::start().await;
    let stuck = programs::program(|mut guest| async move {
        let _ = guest.next().await;
        guest.print("the last word\n").await.unwrap();
        std::future::pending().await
    });
    platform.script("stuck", stuck);
    let mut request = platform.minimal("stuck");
    request["Timeout"] = json!(1);
    platform.create(request).await.ok();
    platform.settled("stuck").await;
    let answer = platform.invoke_with("stuck", &[("x-amz-log-type", "Tail")], "{}").await.ok();
    assert_eq!(answer.header("x-amz-function-error"), "Unhandled");
    assert_eq!(answer.json()["errorType"], "Sandbox.Timedout");
    let tail = String::from_utf8(from_base64(answer.header("x-amz-log-result"))).unwrap();
    assert!(tail.contains("the last word") && tail.contains("Status: timeout"), "{tail}");
    platform.alive(0).await;
}

#[tokio::test]
async fn a_stop_lets_running_invocations_end_and_leaves_nothing() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    platform.deploy("idle", programs::echo()).await;
    platform.invoke("idle", json!({})).await.ok();
    let stop = async {
        latch.reached(1).await;
        tokio::join!(platform.plane.shutdown(Duration::from_secs(60)), async {
            platform.alive(1).await;
            latch.open();
        });
    };
    let (answer, ()) = tokio::join!(platform.invoke("held", Value::Null), stop);
    environment(&answer);
    assert_eq!(platform.simulation.alive(), 0);
    assert_eq!(platform.invoke("idle", json!({})).await.code(), "ServiceException");
}

fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
