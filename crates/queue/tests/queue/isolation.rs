//! A lane with very many messages costs another lane nothing.

use crate::fixture::{Fixture, delayed, message, put, settle, standard, take};
use queue::{NewMessage, Outcome, Queue};
use std::time::{Duration, Instant};

async fn fill(queue: &Queue, name: &str, count: usize, like: &NewMessage) {
    for _ in 0..count / 1000 {
        queue.enqueue(&standard(name), vec![like.clone(); 1000]).await.unwrap();
    }
}

/// The median of taking and settling one message of a lane.
async fn median(queue: &Queue, name: &str) -> Duration {
    let lane = standard(name);
    let mut times = Vec::new();
    for _ in 0..21 {
        put(queue, &lane, message("mine")).await;
        let start = Instant::now();
        let taken = take(queue, &lane, 1, 1000).await.remove(0);
        settle(queue, taken.lease, Outcome::Done).await;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn a_hundred_thousand_messages_do_not_slow_another_lanes_take() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let alone = median(&queue, "small").await;
    fill(&queue, "ready", 50_000, &message("x")).await;
    fill(&queue, "delayed", 25_000, &delayed(5000, "x")).await;
    fill(
        &queue,
        "expiring",
        25_000,
        &NewMessage { expires: Some(crate::fixture::time(9000)), ..message("x") },
    )
    .await;
    let beside = median(&queue, "small").await;
    // A scan of the others' rows would take tens of milliseconds more; a loaded machine's disk is the rest.
    let bound = alone * 5 + Duration::from_millis(20);
    assert!(beside < bound, "alone {alone:?}, beside 100,000 messages {beside:?}");
    eprintln!("take and done: alone {alone:?}, beside 100,000 messages {beside:?}");
}
