//! Reserved concurrency, through the API: the sum is right whoever changes it at the same time.

use crate::words::invalid;
use http::Method;
use serde_json::{Value, json};
use store::records::{ConcurrencyRecord, ReservedTotalRecord};
use store::{Prefix, Record};
use testkit::{Client, Platform, Reply, Setup};
use types::AccountId;

async fn with(functions: &[&str], account_concurrency: u32) -> Platform {
    let platform = Platform::with(Setup { account_concurrency, ..Setup::default() }).await;
    for function in functions {
        platform.create(platform.minimal(function)).await.ok();
        platform.settled(function).await;
    }
    platform
}

async fn put(client: &Client, function: &str, reserved: i64) -> Reply {
    let target = format!("/2017-10-31/functions/{function}/concurrency");
    let body = json!({"ReservedConcurrentExecutions": reserved}).to_string();
    client.send(Method::PUT, &target, http::HeaderMap::new(), body.into()).await
}

async fn get(platform: &Platform, function: &str) -> Reply {
    let target = format!("/2019-09-30/functions/{function}/concurrency");
    platform.call(Method::GET, &target, Value::Null).await
}

async fn give_back(client: &Client, function: &str) -> Reply {
    let target = format!("/2017-10-31/functions/{function}/concurrency");
    client.send(Method::DELETE, &target, http::HeaderMap::new(), "".into()).await
}

async fn unreserved(platform: &Platform) -> Value {
    let shown = platform.call(Method::GET, "/2016-08-19/account-settings", Value::Null).await.ok().json();
    shown["AccountLimit"]["UnreservedConcurrentExecutions"].clone()
}

async fn all<R: Record>(platform: &Platform) -> Vec<R> {
    let found = platform.store.scan::<R>(&Prefix::all(), None, 100).await.unwrap();
    found.into_iter().map(|stored| stored.value).collect()
}

/// What the account's total says, and what it should say.
async fn sums(platform: &Platform) -> (u32, u32) {
    let total = ReservedTotalRecord::place(AccountId::FIRST).unwrap();
    let total = platform.store.get::<ReservedTotalRecord>(&total).await.unwrap();
    let shares = all::<ConcurrencyRecord>(platform).await;
    (total.map_or(0, |stored| stored.value.total), shares.iter().map(|share| share.reserved).sum())
}

fn too_much(minimum: u32) -> (u16, String, String) {
    invalid(&format!(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its \
         minimum value of [{minimum}]."
    ))
}

#[tokio::test]
async fn a_reservation_is_made_shown_and_given_back() {
    let platform = with(&["echo"], 1000).await;
    let client = &platform.client;
    let before = platform.configuration("echo").await.ok().json();
    assert_eq!(get(&platform, "echo").await.ok().json(), json!({}));
    assert_eq!(platform.get("echo").await.ok().json()["Concurrency"], Value::Null);
    for reserved in [0, 5, 900, 7] {
        let expected = json!({"ReservedConcurrentExecutions": reserved});
        assert_eq!(put(client, "echo", reserved).await.ok().json(), expected);
        assert_eq!(get(&platform, "echo").await.ok().json(), expected);
        assert_eq!(platform.get("echo").await.ok().json()["Concurrency"], expected);
        assert_eq!(unreserved(&platform).await, json!(1000 - reserved));
    }
    let given_back = give_back(client, "echo").await;
    assert_eq!((given_back.status.as_u16(), given_back.body.len()), (204, 0));
    give_back(client, "echo").await.ok();
    assert_eq!(get(&platform, "echo").await.ok().json(), json!({}));
    assert_eq!((unreserved(&platform).await, sums(&platform).await), (json!(1000), (0, 0)));
    assert_eq!(platform.configuration("echo").await.ok().json(), before);
}

#[tokio::test]
async fn a_hundred_stay_unreserved() {
    let platform = with(&["a", "b"], 1000).await;
    let client = &platform.client;
    put(client, "a", 500).await.ok();
    assert_eq!(put(client, "b", 401).await.error(), too_much(100));
    put(client, "b", 400).await.ok();
    assert_eq!(put(client, "a", 501).await.error(), too_much(100));
    assert_eq!(put(client, "a", i64::from(i32::MAX)).await.error(), too_much(100));
    assert_eq!(put(client, "a", -1).await.code(), "ValidationException");
    put(client, "a", 499).await.ok();
    assert_eq!((unreserved(&platform).await, sums(&platform).await), (json!(101), (899, 899)));
}

#[tokio::test]
async fn a_small_account_keeps_ten() {
    let platform = with(&["a"], 50).await;
    assert_eq!(put(&platform.client, "a", 41).await.error(), too_much(10));
    put(&platform.client, "a", 40).await.ok();
    let platform = with(&["a"], 5).await;
    assert_eq!(put(&platform.client, "a", 1).await.error(), too_much(5));
    put(&platform.client, "a", 0).await.ok();
}

#[tokio::test]
async fn only_functions_reserve() {
    let platform = with(&["echo"], 1000).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:nowhere";
    let missing = |arn| (404, "ResourceNotFoundException".to_owned(), format!("Function not found: {arn}"));
    let latest = format!("{arn}:$LATEST");
    assert_eq!(put(&platform.client, "nowhere", 1).await.error(), missing(latest.as_str()));
    assert_eq!(get(&platform, "nowhere").await.error(), missing(arn));
    assert_eq!(give_back(&platform.client, "nowhere").await.error(), missing(latest.as_str()));
    let functions_only = invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
         Please specify either a function name or an unqualified function ARN.",
    );
    for qualified in ["echo:1", "echo:live", "echo:$LATEST"] {
        assert_eq!(put(&platform.client, qualified, 1).await.error(), functions_only);
        assert_eq!(get(&platform, qualified).await.error(), functions_only);
        assert_eq!(give_back(&platform.client, qualified).await.error(), functions_only);
    }
    assert_eq!(sums(&platform).await, (0, 0));
}

#[tokio::test]
async fn a_deleted_function_gives_its_share_back() {
    let platform = with(&["a", "b"], 1000).await;
    put(&platform.client, "a", 300).await.ok();
    put(&platform.client, "b", 200).await.ok();
    platform.delete("a").await.ok();
    assert_eq!((unreserved(&platform).await, sums(&platform).await), (json!(800), (200, 200)));
    platform.create(platform.minimal("a")).await.ok();
    assert_eq!(get(&platform, "a").await.ok().json(), json!({}));
}

#[tokio::test]
async fn the_sum_stays_right_whoever_changes_what_at_the_same_time() {
    let names = ["a", "b", "c", "d", "e"];
    let platform = with(&names, 1000).await;
    for round in 0..6_i64 {
        let mut calls = tokio::task::JoinSet::new();
        for (place, name) in names.into_iter().enumerate() {
            for step in 0..4_i64 {
                let client = platform.client.clone();
                let reserved = (place as i64 * 97 + step * 151 + round * 61) % 420;
                calls.spawn(async move {
                    match step {
                        3 => give_back(&client, name).await,
                        _ => put(&client, name, reserved).await,
                    }
                });
            }
        }
        if round % 2 == 1 {
            platform.delete("e").await.ok();
        }
        for answer in calls.join_all().await {
            assert!(matches!(answer.status.as_u16(), 200 | 204 | 400 | 404), "{answer:?}");
        }
        let (total, sum) = sums(&platform).await;
        assert_eq!(total, sum);
        assert!(sum <= 900, "{sum}");
        assert_eq!(unreserved(&platform).await, json!(1000 - sum));
        if round % 2 == 1 {
            platform.create(platform.minimal("e")).await.ok();
        }
    }
}
