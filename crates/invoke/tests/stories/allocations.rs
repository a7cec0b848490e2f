//! What a warm invocation allocates on its way through client, server, data plane, worker and simulated runtime, held so
//! that it doesn't creep up, and what a qualifier adds.

use serde_json::json;
use testkit::{Platform, programs};
use tokio::runtime::Builder;
use types::Version;

const REQUESTS: u64 = 50;
const ROUNDS: u32 = 8;
/// Connection, request and answer of both sides, and the Runtime API's.
const MOST: u64 = 240;
/// The keys of the alias and the version, the longer ARN, with room for what is shipped in between.
const MOST_FOR_AN_ALIAS: u64 = 20;

#[test]
fn a_warm_invocation_allocates_little_and_hardly_more_by_an_alias() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let platform = runtime.block_on(async {
        let platform = Platform::start().await;
        platform.deploy("f", programs::echo()).await;
        platform.publish("f").await;
        platform.publish("f").await;
        platform.alias("f", "live", Version::Number(1), &[(2, 0.5)]).await;
        platform
    });
    let each = |name: &str| {
        let converse = |count| {
            runtime.block_on(async {
                for _ in 0..count {
                    platform.invoke(name, json!({})).await.ok();
                }
            });
        };
        converse(20);
        // The least of several: log lines that are shipped in between are no part of an invocation's way.
        let counts = (0..ROUNDS).map(|_| allocation_counter::measure(|| converse(REQUESTS)).count_total);
        counts.min().unwrap() / REQUESTS
    };
    let (latest, numbered, alias) = (each("f"), each("f:1"), each("f:live"));
    println!("allocations: {latest} for $LATEST, {numbered} for a version, {alias} by a weighted alias");
    assert!(latest <= MOST, "{latest} allocations per invocation");
    assert!(alias <= latest + MOST_FOR_AN_ALIAS, "{alias} allocations instead of {latest}");
}
