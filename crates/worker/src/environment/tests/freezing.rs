//! An idle environment stands still, and whoever gets an invocation finds it going on.

use super::ordinary::echo;
use crate::simulation::Guest;
use crate::story::{Story, event, failure, success};
use crate::sync::lock;
use crate::{Answer, Fate, Phase};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than what passes until an idle environment is frozen.
const IDLE: Duration = Duration::from_millis(40);

#[tokio::test(start_paused = true)]
async fn it_stands_still_after_its_initialisation_and_after_each_invocation() {
    let story = Story::of(echo);
    let environment = story.start().await;
    environment.invoke(event("0")).await;
    for turn in 1..4 {
        tokio::time::sleep(IDLE).await;
        assert_eq!(story.simulation.frozen(), turn);
        assert!(environment.is_reusable(), "standing still it is as good as any");
        assert_eq!(success(&environment.invoke(event("1")).await.answer), "1");
    }
    let fresh = story.start().await;
    while fresh.phase() != Phase::Ready {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(IDLE).await;
    assert_eq!(story.simulation.frozen(), 5, "both: the first once more");
    environment.shutdown().await;
    fresh.shutdown().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_one_is_never_frozen() {
    let story = Story::of(echo);
    let environment = story.start().await;
    for _ in 0..300 {
        environment.invoke(event("1")).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(story.simulation.frozen(), 0);
    environment.shutdown().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn neither_a_long_initialisation_nor_a_long_invocation_is_frozen() {
    let story = Story::of(|mut guest: Guest| async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let work = guest.next().await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let answer = if guest.is_frozen() { "frozen" } else { "going on" };
        guest.respond(&work.id(), answer).await.unwrap();
        std::future::pending().await
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "going on");
    assert_eq!(story.simulation.frozen(), 0);
    environment.shutdown().await;
    story.end().await;
}

/// A runtime that never asks again would otherwise run without an invocation for as long as it likes.
#[tokio::test(start_paused = true)]
async fn one_that_answers_and_does_not_ask_is_frozen_too_and_goes_on_with_the_next() {
    let story = Story::of(|mut guest: Guest| async move {
        loop {
            let work = guest.next().await.unwrap();
            guest.respond(&work.id(), "1").await.unwrap();
            while !guest.is_frozen() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            while guest.is_frozen() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    tokio::time::sleep(IDLE).await;
    assert_eq!(story.simulation.frozen(), 0, "it has some time to tidy up");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(story.simulation.frozen(), 1);
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "1");
    environment.shutdown().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_stands_still_can_be_ended_and_can_time_out() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        guest.respond(&work.id(), "1").await.unwrap();
        guest.next().await.unwrap();
        std::future::pending().await
    });
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    tokio::time::sleep(IDLE).await;
    let outcome = environment.invoke(event("2")).await;
    assert_eq!(failure(&outcome.answer).0, "Sandbox.Timedout");
    assert_eq!(outcome.fate, Fate::Destroyed);
    let other = story.start().await;
    other.invoke(event("1")).await;
    tokio::time::sleep(IDLE).await;
    assert_eq!(story.simulation.frozen(), 2);
    other.shutdown().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_can_not_be_thawed_is_destroyed_and_keeps_nobody_waiting() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        guest.get_stuck();
        guest.respond(&work.id(), "1").await.unwrap();
        let _ = guest.next().await;
        std::future::pending().await
    });
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    tokio::time::sleep(IDLE).await;
    let outcome = environment.invoke(event("2")).await;
    assert!(!matches!(outcome.answer, Answer::Success { .. }), "{:?}", outcome.answer);
    assert_eq!(outcome.fate, Fate::Destroyed);
    story.end().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Pauses around the time at which it is frozen, and functions that take as long.
    #[test]
    fn whatever_comes_when_it_is_delivered_to_one_that_goes_on(
        turns in proptest::collection::vec((0u64..30_000, 0u64..30_000), 1..20)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async move {
            let works: Arc<Mutex<Vec<u64>>> = Arc::new(Mutex::new(turns.iter().rev().map(|turn| turn.1).collect()));
            let story = Story::of(move |mut guest: Guest| {
                let works = Arc::clone(&works);
                async move {
                    loop {
                        let work = guest.next().await.unwrap();
                        let mut seen = guest.is_frozen();
                        let long = lock(&works).pop().unwrap();
                        tokio::time::sleep(Duration::from_micros(long)).await;
                        seen |= guest.is_frozen();
                        guest.respond(&work.id(), if seen { "frozen" } else { "going on" }).await.unwrap();
                    }
                }
            });
            let environment = story.start().await;
            let mut stood_still = 0;
            for (pause, _) in turns {
                tokio::time::sleep(Duration::from_micros(pause)).await;
                let outcome = tokio::time::timeout(Duration::from_secs(2), environment.invoke(event("1"))).await;
                assert_eq!(success(&outcome.unwrap().answer), "going on");
                stood_still += usize::from(pause > 22_000);
            }
            assert!(story.simulation.frozen() + 1 >= stood_still, "it was idle {stood_still} times");
            environment.shutdown().await;
            story.end().await;
        });
    }
}
