//! The life of a message in a standard lane, from enqueueing to its end.

use crate::fixture::{Fixture, bodies, counted, delayed, fifo, message, put, settle, standard, take, time};
use queue::{Deduplicate, Enqueued, NewMessage, Outcome, QueueError, Settled, Standing, TakeOptions};

#[tokio::test]
async fn a_message_waits_is_taken_and_done() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    let sequence = put(&queue, &lane, NewMessage { attributes: "x".into(), ..message("one") }).await;
    assert_eq!(counted(&queue, &lane).await, (1, 0, 0));
    fixture.at(5);
    let taken = take(&queue, &lane, 10, 1000).await;
    assert_eq!(bodies(&taken), ["one"]);
    let one = &taken[0];
    assert_eq!((one.lease.sequence, one.attempts, &one.attributes[..]), (sequence, 1, &b"x"[..]));
    assert_eq!((one.enqueued, one.first_taken), (time(0), time(5)));
    assert_eq!(counted(&queue, &lane).await, (0, 0, 1));
    assert!(take(&queue, &lane, 10, 1000).await.is_empty());
    assert_eq!(settle(&queue, one.lease, Outcome::Done).await, Settled::Applied);
    assert_eq!(settle(&queue, one.lease, Outcome::Done).await, Settled::Stale);
    assert_eq!(counted(&queue, &lane).await, (0, 0, 0));
    assert_eq!(queue.counts(&lane).await.unwrap().bytes, 0);
}

#[tokio::test]
async fn due_times_order_a_lane_and_sequences_those_that_are_equal() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    for (due, body) in [(30, "c"), (0, "a"), (20, "b1"), (20, "b2"), (99, "later")] {
        put(&queue, &lane, delayed(due, body)).await;
    }
    assert_eq!(counted(&queue, &lane).await, (1, 4, 0));
    assert_eq!(queue.next_due(&lane).await.unwrap(), Some(time(0)));
    fixture.at(40);
    assert_eq!(counted(&queue, &lane).await, (4, 1, 0));
    assert_eq!(bodies(&take(&queue, &lane, 10, 1000).await), ["a", "b1", "b2", "c"]);
    assert_eq!(queue.next_due(&lane).await.unwrap(), Some(time(99)));
}

#[tokio::test]
async fn a_lapsed_lease_gives_the_message_back_and_the_old_token_is_stale_once_it_is_taken() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    put(&queue, &lane, message("one")).await;
    let first = take(&queue, &lane, 1, 100).await.remove(0);
    fixture.at(100);
    assert_eq!(counted(&queue, &lane).await, (1, 0, 0), "lapsed is ready");
    let second = take(&queue, &lane, 1, 200).await.remove(0);
    assert_eq!((second.attempts, second.first_taken), (2, time(0)));
    for outcome in [Outcome::Done, Outcome::Retry { due: time(0) }, Outcome::Extend { until: time(900) }] {
        assert_eq!(settle(&queue, first.lease, outcome).await, Settled::Stale);
    }
    let forward = Outcome::Forward { to: standard("b"), messages: vec![message("x")] };
    assert_eq!(settle(&queue, first.lease, forward).await, Settled::Stale);
    assert_eq!(counted(&queue, &standard("b")).await, (0, 0, 0));
    fixture.at(250);
    let late = settle(&queue, second.lease, Outcome::Done).await;
    assert_eq!(late, Settled::Applied, "nobody took it since");
}

#[tokio::test]
async fn a_retry_comes_back_when_it_is_due_and_its_token_is_stale() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    put(&queue, &lane, message("one")).await;
    let taken = take(&queue, &lane, 1, 100).await.remove(0);
    assert_eq!(settle(&queue, taken.lease, Outcome::Retry { due: time(60) }).await, Settled::Applied);
    assert_eq!(counted(&queue, &lane).await, (0, 1, 0));
    assert_eq!(settle(&queue, taken.lease, Outcome::Done).await, Settled::Stale);
    assert!(take(&queue, &lane, 1, 100).await.is_empty());
    fixture.at(60);
    assert_eq!(take(&queue, &lane, 1, 100).await[0].attempts, 2);
}

#[tokio::test]
async fn an_extended_lease_holds_and_one_that_is_ended_gives_the_message_back() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    put(&queue, &lane, message("one")).await;
    let taken = take(&queue, &lane, 1, 100).await.remove(0);
    settle(&queue, taken.lease, Outcome::Extend { until: time(500) }).await;
    fixture.at(400);
    assert!(take(&queue, &lane, 1, 900).await.is_empty());
    settle(&queue, taken.lease, Outcome::Extend { until: time(400) }).await;
    assert_eq!(counted(&queue, &lane).await, (1, 0, 0));
    assert_eq!(settle(&queue, taken.lease, Outcome::Extend { until: time(700) }).await, Settled::Applied);
    assert_eq!(counted(&queue, &lane).await, (0, 0, 1));
    fixture.at(700);
    assert_eq!(take(&queue, &lane, 1, 900).await[0].attempts, 2);
}

#[tokio::test]
async fn what_is_forwarded_is_there_and_no_more_here() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let (lane, other) = (standard("a"), standard("dead"));
    put(&queue, &lane, message("one")).await;
    let taken = take(&queue, &lane, 1, 100).await.remove(0);
    let forward =
        Outcome::Forward { to: other.clone(), messages: vec![message("one, dead"), message("two")] };
    assert_eq!(settle(&queue, taken.lease, forward).await, Settled::Applied);
    assert_eq!(counted(&queue, &lane).await, (0, 0, 0));
    assert_eq!(bodies(&take(&queue, &other, 9, 100).await), ["one, dead", "two"]);
}

#[tokio::test]
async fn what_has_expired_is_never_given_nor_counted() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    let expiring = |at, body| NewMessage { expires: Some(time(at)), ..message(body) };
    for (at, body) in [(50, "a"), (50, "b"), (90, "c")] {
        put(&queue, &lane, expiring(at, body)).await;
    }
    let held = take(&queue, &lane, 1, 40).await.remove(0);
    fixture.at(50);
    assert_eq!(bodies(&take(&queue, &lane, 9, 99).await), ["c"]);
    assert_eq!(counted(&queue, &lane).await, (0, 0, 1));
    assert_eq!(settle(&queue, held.lease, Outcome::Done).await, Settled::Stale);
    put(&queue, &standard("nobody looks"), expiring(60, "d")).await;
    fixture.at(60);
    assert_eq!(queue.sweep(100).await.unwrap().expired, 1);
}

#[tokio::test]
async fn equal_keys_are_one_message_while_they_are_remembered() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    let keyed = |until| NewMessage {
        deduplicate: Some(Deduplicate { key: "k".to_owned(), until: time(until) }),
        ..message("one")
    };
    let first = put(&queue, &lane, keyed(300)).await;
    let again = queue.enqueue(&lane, vec![keyed(300), keyed(300)]).await.unwrap();
    assert_eq!(again, [Enqueued::Earlier(first); 2]);
    let taken = take(&queue, &lane, 9, 100).await;
    assert_eq!(taken.len(), 1);
    settle(&queue, taken[0].lease, Outcome::Done).await;
    fixture.at(299);
    assert_eq!(queue.enqueue(&lane, vec![keyed(900)]).await.unwrap(), [Enqueued::Earlier(first)]);
    assert!(matches!(queue.enqueue(&standard("b"), vec![keyed(900)]).await.unwrap()[0], Enqueued::New(_)));
    fixture.at(300);
    assert_eq!(queue.sweep(9).await.unwrap().forgotten, 1);
    let second = put(&queue, &lane, keyed(900)).await;
    assert!(second > first);
}

#[tokio::test]
async fn a_paused_lane_gives_nothing_restarts_included() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    put(&queue, &lane, message("one")).await;
    queue.pause(&lane).await.unwrap();
    drop(queue);
    let queue = fixture.open();
    assert!(take(&queue, &lane, 1, 100).await.is_empty());
    assert_eq!(queue.next_due(&lane).await.unwrap(), None);
    assert!(queue.due_lanes("", None, 9).await.unwrap().is_empty());
    queue.resume(&lane).await.unwrap();
    assert_eq!(take(&queue, &lane, 1, 100).await.len(), 1);
}

#[tokio::test]
async fn a_purge_takes_what_is_there_and_a_removal_everything() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let (lane, other) = (standard("a"), standard("b"));
    for _ in 0..3 {
        let many = (0..400).map(|n| delayed(n % 3, "x")).collect();
        queue.enqueue(&lane, many).await.unwrap();
    }
    put(&queue, &other, message("stays")).await;
    take(&queue, &lane, 7, 100).await;
    assert_eq!(queue.purge(&lane).await.unwrap(), 1200);
    assert_eq!(counted(&queue, &lane).await, (0, 0, 0));
    put(&queue, &lane, message("new")).await;
    assert_eq!(queue.remove(&lane).await.unwrap(), 1);
    assert_eq!(queue.state(&lane).await.unwrap(), None);
    assert_eq!(counted(&queue, &other).await, (1, 0, 0));
}

#[tokio::test]
async fn lanes_are_listed_by_their_beginning_in_pages() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    for name in ["event/1/a", "event/1/b", "event/2/a", "sqs/1/a"] {
        put(&queue, &standard(name), message("x")).await;
    }
    put(&queue, &fifo("event/1/b"), crate::fixture::grouped("g", "x")).await;
    put(&queue, &standard("event/1/late"), delayed(10, "x")).await;
    let all = queue.lanes("event/1/", None, 2).await.unwrap();
    let names = |states: &[queue::LaneState]| states.iter().map(|s| s.lane.clone()).collect::<Vec<_>>();
    assert_eq!(names(&all), [standard("event/1/a"), standard("event/1/b")]);
    let rest = queue.lanes("event/1/", Some(&all[1].lane), 9).await.unwrap();
    assert_eq!(names(&rest), [fifo("event/1/b"), standard("event/1/late")]);
    assert_eq!(rest[1].counts.delayed, 1);
    let due = queue.due_lanes("event/1/l", None, 9).await.unwrap();
    assert!(due.is_empty());
    fixture.at(10);
    assert_eq!(queue.due_lanes("event/1/l", None, 9).await.unwrap(), [standard("event/1/late")]);
    assert_eq!(queue.lanes("event/1/l", None, 9).await.unwrap()[0].counts.ready, 1);
}

#[tokio::test]
async fn an_operator_sees_messages_without_their_bodies() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    put(&queue, &lane, message("one")).await;
    take(&queue, &lane, 1, 100).await;
    let second = put(&queue, &lane, message("two")).await;
    put(&queue, &lane, delayed(10, "three")).await;
    let seen = queue.peek(&lane, 10).await.unwrap();
    let standings: Vec<_> = seen.iter().map(|one| one.standing).collect();
    assert_eq!(standings, [Standing::Ready, Standing::Delayed, Standing::Leased]);
    assert_eq!((seen[0].sequence, seen[2].attempts, seen[1].due), (second, 1, time(10)));
}

#[tokio::test]
async fn what_can_not_be_meant_is_refused() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    let none = queue.enqueue(&lane, Vec::new()).await;
    assert!(matches!(none, Err(QueueError::Number(0))));
    let long = message(&"x".repeat(queue::MAX_MESSAGE_BYTES + 1));
    assert!(matches!(queue.enqueue(&lane, vec![long]).await, Err(QueueError::TooLong(_))));
    let much = vec![message(&"x".repeat(4 << 20)); 5];
    assert!(matches!(queue.enqueue(&lane, much).await, Err(QueueError::TooMuch(_))));
    let groupless = queue.enqueue(&fifo("a"), vec![message("x")]).await;
    assert!(matches!(groupless, Err(QueueError::NoGroup)));
    let group = queue.enqueue(&lane, vec![crate::fixture::grouped("g", "x")]).await;
    assert!(matches!(group, Err(QueueError::Group)));
    let options = TakeOptions { max: 0, lease_until: time(0), per_group: 1 };
    assert!(matches!(queue.take(&lane, options).await, Err(QueueError::Number(0))));
}

#[tokio::test]
async fn who_waits_is_woken_by_what_may_be_taken() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    let mut arrivals = queue.arrivals(&lane);
    let mut lanes = queue.arrivals_under("");
    put(&queue, &lane, message("one")).await;
    arrivals.changed().await;
    assert!(lanes.next().await.into_iter().eq([lane.clone()]));
    let taken = take(&queue, &lane, 1, 100).await.remove(0);
    settle(&queue, taken.lease, Outcome::Retry { due: time(1) }).await;
    arrivals.changed().await;
}
