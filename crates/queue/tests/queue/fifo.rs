//! FIFO lanes: each group in the order of its sequences, one holder at a time.

use crate::fixture::{Fixture, bodies, counted, fifo, grouped, put, settle, take, time};
use queue::{NewMessage, Outcome, Queue, TakeOptions};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

async fn take_each(queue: &Queue, lane: &queue::LaneName, max: usize, per_group: usize) -> Vec<queue::Taken> {
    queue.take(lane, TakeOptions { max, lease_until: time(100), per_group }).await.unwrap()
}

#[tokio::test]
async fn while_one_of_a_group_is_leased_the_others_wait_and_other_groups_do_not() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = fifo("a");
    for (group, body) in [("x", "x1"), ("x", "x2"), ("y", "y1"), ("x", "x3")] {
        put(&queue, &lane, grouped(group, body)).await;
    }
    let first = take_each(&queue, &lane, 10, 1).await;
    assert_eq!(bodies(&first), ["x1", "y1"]);
    assert_eq!(first[0].group.as_deref(), Some("x"));
    assert_eq!(counted(&queue, &lane).await, (2, 0, 2));
    assert!(take_each(&queue, &lane, 10, 1).await.is_empty());
    settle(&queue, first[0].lease, Outcome::Done).await;
    let rest = take_each(&queue, &lane, 10, 10).await;
    assert_eq!(bodies(&rest), ["x2", "x3"]);
    settle(&queue, rest[1].lease, Outcome::Done).await;
    assert!(take_each(&queue, &lane, 10, 10).await.is_empty(), "x2 is held");
    fixture.at(100);
    let lapsed = take(&queue, &lane, 10, 300).await;
    assert_eq!(lapsed.iter().map(|one| one.attempts).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn a_message_that_is_retried_holds_its_group_back() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = fifo("a");
    put(&queue, &lane, grouped("x", "x1")).await;
    put(&queue, &lane, grouped("x", "x2")).await;
    let taken = take_each(&queue, &lane, 10, 1).await.remove(0);
    settle(&queue, taken.lease, Outcome::Retry { due: time(50) }).await;
    assert!(take_each(&queue, &lane, 10, 10).await.is_empty());
    assert_eq!(queue.next_due(&lane).await.unwrap(), Some(time(50)));
    fixture.at(50);
    assert_eq!(bodies(&take(&queue, &lane, 10, 100).await), ["x1", "x2"]);
}

#[tokio::test]
async fn what_expires_at_the_head_of_a_group_lets_the_next_go() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = fifo("a");
    for body in ["x1", "x2", "x3"] {
        put(&queue, &lane, NewMessage { expires: Some(time(10)), ..grouped("x", body) }).await;
    }
    put(&queue, &lane, grouped("x", "x4")).await;
    fixture.at(10);
    assert_eq!(bodies(&take(&queue, &lane, 1, 100).await), ["x4"]);
    assert_eq!(counted(&queue, &lane).await, (0, 0, 1));
}

#[tokio::test]
async fn a_purged_lane_forgets_its_groups() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = fifo("a");
    put(&queue, &lane, grouped("x", "x1")).await;
    take(&queue, &lane, 1, 1000).await;
    put(&queue, &lane, grouped("x", "x2")).await;
    assert_eq!(queue.purge(&lane).await.unwrap(), 2);
    assert_eq!(queue.next_due(&lane).await.unwrap(), None);
    put(&queue, &lane, grouped("x", "x3")).await;
    assert_eq!(bodies(&take(&queue, &lane, 9, 1000).await), ["x3"]);
}

type Seen = Arc<Mutex<HashMap<String, Vec<u32>>>>;

async fn consume(queue: Arc<Queue>, seen: Seen, all: usize) {
    let lane = fifo("a");
    while seen.lock().unwrap().values().map(Vec::len).sum::<usize>() < all {
        for taken in take_each(&queue, &lane, 10, 3).await {
            let group = taken.group.clone().unwrap();
            let number = std::str::from_utf8(&taken.body).unwrap().parse().unwrap();
            tokio::task::yield_now().await;
            seen.lock().unwrap().entry(group).or_default().push(number);
            settle(&queue, taken.lease, Outcome::Done).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn each_group_is_in_order_under_eight_consumers_and_four_producers() {
    const EACH: u32 = 60;
    let fixture = Fixture::new();
    let queue = Arc::new(fixture.open());
    let seen = Seen::default();
    let consumers: Vec<_> = (0..8)
        .map(|_| tokio::spawn(consume(Arc::clone(&queue), Arc::clone(&seen), 4 * EACH as usize)))
        .collect();
    let producers: Vec<_> = (0..4)
        .map(|group| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                for number in 0..EACH {
                    put(&queue, &fifo("a"), grouped(&group.to_string(), &number.to_string())).await;
                }
            })
        })
        .collect();
    for task in producers.into_iter().chain(consumers) {
        task.await.unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 4);
    assert!(seen.values().all(|numbers| numbers.iter().copied().eq(0..EACH)), "{seen:?}");
}
