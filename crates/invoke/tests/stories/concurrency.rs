//! How many invocations run at a time, and what the others are told.

use serde_json::{Value, json};
use std::time::Duration;
use testkit::programs::{self, Latch};
use testkit::{Platform, Reply, Setup};

fn refused(reply: &Reply, reason: &str) {
    let expected = (429, "TooManyRequestsException".to_owned(), "Rate Exceeded.".to_owned());
    assert_eq!(reply.error(), expected, "{reply:?}");
    assert_eq!(
        (reply.json()["Reason"].as_str(), reply.json()["Type"].as_str()),
        (Some(reason), Some("User"))
    );
    assert_eq!(reply.header("retry-after"), "1");
}

const ACCOUNT: &str = "ConcurrentInvocationLimitExceeded";
const FUNCTION: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

async fn limited(account_concurrency: u32) -> Platform {
    Platform::with(Setup { account_concurrency, ..Setup::default() }).await
}

/// So many invocations of the function, all of them inside at the same time; what `meanwhile` does comes in between.
async fn busy<T>(
    platform: &Platform,
    (function, latch, count): (&str, &Latch, usize),
    meanwhile: impl Future<Output = T>,
) -> T {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (client, target) =
            (platform.client.clone(), format!("/2015-03-31/functions/{function}/invocations"));
        calls.spawn(async move {
            client.send(http::Method::POST, &target, http::HeaderMap::new(), "{}".into()).await
        });
    }
    latch.reached(count).await;
    let result = meanwhile.await;
    latch.open();
    while let Some(reply) = calls.join_next().await {
        reply.unwrap().ok();
    }
    latch.close();
    result
}

#[tokio::test]
async fn the_accounts_limit_refuses_and_ends() {
    let platform = Platform::with(Setup { account_concurrency: 2, ..Setup::default() }).await;
    let latch = Latch::default();
    platform.deploy("held", latch.program()).await;
    let refused = async {
        latch.reached(2).await;
        let refused = platform.invoke("held", Value::Null).await;
        latch.open();
        refused
    };
    let invoke = || platform.invoke("held", Value::Null);
    let (first, second, refused) = tokio::join!(invoke(), invoke(), refused);
    first.ok();
    second.ok();
    assert_eq!(refused.error(), (429, "TooManyRequestsException".to_owned(), "Rate Exceeded.".to_owned()));
    assert_eq!(refused.json()["Reason"], "ConcurrentInvocationLimitExceeded");
    assert_eq!(refused.json()["Type"], "User");
    assert_eq!(refused.header("retry-after"), "1");
    platform.invoke("held", Value::Null).await.ok();
}

#[tokio::test]
async fn a_reservation_is_kept_free_for_its_function_and_bounds_it() {
    let platform = limited(3).await;
    let (own, others) = (Latch::default(), Latch::default());
    platform.deploy("own", own.program()).await;
    platform.deploy("others", others.program()).await;
    platform.reserve("own", Some(1)).await;
    let inner = async {
        refused(&platform.invoke("others", Value::Null).await, ACCOUNT);
        let inmost = async { refused(&platform.invoke("own", Value::Null).await, FUNCTION) };
        busy(&platform, ("own", &own, 1), inmost).await;
    };
    busy(&platform, ("others", &others, 2), inner).await;
}

#[tokio::test]
async fn all_versions_of_a_function_share_its_reservation() {
    let platform = Platform::start().await;
    let latch = Latch::default();
    platform.deploy("f", latch.program()).await;
    platform.publish("f").await;
    platform.reserve("f", Some(1)).await;
    let meanwhile = async { refused(&platform.invoke("f:1", Value::Null).await, FUNCTION) };
    busy(&platform, ("f", &latch, 1), meanwhile).await;
}

#[tokio::test]
async fn a_reservation_of_nothing_stops_the_function_from_the_next_request_on() {
    let platform = Platform::start().await;
    platform.deploy("f", programs::introduce()).await;
    platform.publish("f").await;
    let before = platform.invoke("f", Value::Null).await.ok().json();
    platform.reserve("f", Some(0)).await;
    refused(&platform.invoke("f", Value::Null).await, FUNCTION);
    refused(&platform.invoke("f:1", Value::Null).await, FUNCTION);
    platform.reserve("f", None).await;
    let after = platform.invoke("f", Value::Null).await.ok().json();
    assert_eq!(before["environment"], after["environment"], "its environments were kept");
}

#[tokio::test]
async fn every_change_of_a_reservation_counts_from_the_next_request_on() {
    let platform = limited(4).await;
    let latch = Latch::default();
    platform.deploy("f", latch.program()).await;
    for (reserved, most) in [(Some(2), 2), (Some(1), 1), (Some(3), 3), (None, 4), (Some(2), 2)] {
        platform.reserve("f", reserved).await;
        let reason = if reserved.is_some() { FUNCTION } else { ACCOUNT };
        let meanwhile = async { refused(&platform.invoke("f", Value::Null).await, reason) };
        busy(&platform, ("f", &latch, most), meanwhile).await;
    }
}

#[tokio::test]
async fn what_is_given_back_is_everybodys_again() {
    let platform = limited(2).await;
    let latch = Latch::default();
    platform.deploy("f", latch.program()).await;
    platform.deploy("own", programs::echo()).await;
    platform.reserve("own", Some(2)).await;
    refused(&platform.invoke("f", Value::Null).await, ACCOUNT);
    platform.reserve("own", None).await;
    busy(&platform, ("f", &latch, 2), async {}).await;
}

#[tokio::test]
async fn refusals_end_with_the_overload_whatever_ended_the_invocations() {
    let platform = limited(3).await;
    let broken = programs::program(|mut guest| async move {
        let Ok(_) = guest.next().await else { return 0 };
        256
    });
    platform.deploy("broken", broken).await;
    platform.deploy("never", programs::program(|_| async { 256 })).await;
    platform.deploy("fails", programs::echo()).await;
    platform.deploy("echo", programs::echo()).await;
    for _ in 0..5 {
        let invoke = |name| platform.invoke(name, json!({}));
        platform.gates.fail("fails", 1);
        let (broken, never, fails) = tokio::join!(invoke("broken"), invoke("never"), invoke("fails"));
        assert_eq!(broken.ok().header("x-amz-function-error"), "Unhandled");
        assert_eq!(never.ok().header("x-amz-function-error"), "Unhandled");
        assert_eq!(fails.code(), "ServiceException");
        let malformed = platform.invoke_with("echo", &[], "{").await;
        assert_eq!(malformed.status.as_u16(), 400);
    }
    let invoke = || platform.invoke("echo", json!({}));
    let (one, two, three) = tokio::join!(invoke(), invoke(), invoke());
    for answer in [one, two, three] {
        answer.ok();
    }
}

#[tokio::test]
async fn an_overload_is_never_exceeded_and_leaves_nothing() {
    let platform = limited(5).await;
    let latch = Latch::default();
    platform.deploy("f", latch.program()).await;
    for _ in 0..3 {
        let storm = async {
            let refusals =
                (0..40).map(|_| async { refused(&platform.invoke("f", Value::Null).await, ACCOUNT) });
            futures(refusals).await;
            assert_eq!(latch.inside(), 5);
        };
        busy(&platform, ("f", &latch, 5), storm).await;
    }
    assert_eq!(platform.simulation.started(), 5);
}

async fn futures(all: impl Iterator<Item = impl Future<Output = ()>>) {
    for one in all {
        tokio::time::timeout(Duration::from_secs(20), one).await.expect("a refusal waits for nothing");
    }
}
