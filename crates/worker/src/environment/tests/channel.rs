//! The channel: the same states as over HTTP, spoken in frames, also by runtimes that don't keep to them.

use super::framed::{ERROR, Framed, HELLO, Heard, INIT_ERROR, NEXT, RESPONSE, echo, frame, greeted};
use crate::simulation::Guest;
use crate::story::{Story, event, failure, success};
use crate::{Answer, Fate, Invocation, LogTail};
use http::StatusCode;
use std::time::Duration;

const OTHER: &str = "00000000-0000-4000-8000-000000000000";

fn refused(status: u16, kind: &str) -> Heard {
    Heard::Refused { status, kind: kind.to_owned() }
}

async fn idle() -> i32 {
    tokio::time::sleep(Duration::from_secs(1000)).await;
    0
}

#[tokio::test(start_paused = true)]
async fn invocations_come_back_and_the_environment_is_used_again() {
    let story = Story::of(echo);
    let environment = story.start().await;
    for payload in ["1", "2", "3"] {
        let outcome = environment.invoke(Invocation { log_tail: LogTail::Wanted, ..event(payload) }).await;
        assert_eq!((success(&outcome.answer).as_str(), outcome.fate), (payload, Fate::Reusable));
        let tail = String::from_utf8(outcome.log_tail.unwrap()).unwrap();
        assert!(tail.contains(&format!("\nevent {payload}\nEND ")), "{tail}");
    }
    assert_eq!(story.simulation.started(), 1);
    let variables = &story.simulation.specs()[0].env;
    assert!(variables.contains(&("LAMBENT_CHANNEL".to_owned(), "1:3".to_owned())));
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_invocation_has_everything_that_http_headers_have() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        let mut heard = framed.next().await;
        while let Heard::Invocation { id, deadline, texts, body } = heard {
            let seen = serde_json::json!([id, deadline, texts, String::from_utf8_lossy(&body)]);
            heard = framed.respond(&id, seen.to_string().as_bytes()).await;
        }
        0
    });
    let environment = story.start().await;
    let invocation = Invocation {
        client_context: Some(r#"{"client":{}}"#.to_owned()),
        cognito_identity: Some("x".repeat(16_001)),
        ..event("")
    };
    let id = invocation.request_id.to_string();
    let seen: serde_json::Value =
        serde_json::from_str(&success(&environment.invoke(invocation).await.answer)).unwrap();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:story:live";
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    assert_eq!(seen[0], id);
    assert!(
        (1_795_478_403_000..1_795_478_405_000).contains(&seen[1].as_i64().unwrap()),
        "three seconds from now"
    );
    assert_eq!(
        seen[2],
        serde_json::json!([arn, trace, r#"{"client":{}}"#, ""]),
        "too long a text is left out"
    );
    assert_eq!(seen[3], "{}");
    let large = "x".repeat(5 << 20);
    let seen = success(&environment.invoke(event(&large)).await.answer);
    assert!(seen.ends_with(&format!("{large}\"]")), "a large event comes whole");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn errors_and_their_types_are_passed_on() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        for (kind, body) in [("ValueError", r#"{"errorMessage":"bad"}"#), ("", "not json"), ("\r\n", "{}")] {
            let id = framed.next().await.id();
            framed.say(&[&frame(ERROR, &format!("{id}{kind}"), body.as_bytes())]).await.unwrap();
        }
        framed.next().await;
        0
    });
    let environment = story.start().await;
    let outcome = environment.invoke(event("1")).await;
    assert_eq!(failure(&outcome.answer), ("ValueError".to_owned(), "bad".to_owned()));
    assert_eq!(outcome.fate, Fate::Reusable);
    for _ in 0..2 {
        assert_eq!(failure(&environment.invoke(event("2")).await.answer).0, "Runtime.Unknown");
    }
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_response_may_be_just_as_large_as_the_limit_and_no_larger() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        let mut heard = framed.next().await;
        while let Heard::Invocation { id, body, .. } = heard {
            let size: usize = String::from_utf8_lossy(&body).parse().unwrap();
            heard = framed.respond(&id, &vec![b'x'; size]).await;
            if size > 6_291_556 {
                assert_eq!(heard, refused(413, "RequestEntityTooLarge"));
                heard = framed.hear().await;
            }
        }
        0
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("6291556")).await.answer).len(), 6_291_556);
    for size in ["6291557", "20000000"] {
        let (kind, message) = failure(&environment.invoke(event(size)).await.answer);
        assert_eq!(kind, "Function.ResponseSizeTooLarge");
        assert_eq!(message, "Response payload size exceeded maximum allowed payload size (6291556 bytes).");
    }
    assert_eq!(success(&environment.invoke(event("3")).await.answer), "xxx", "it stays usable");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_ends_the_channel_and_the_question_behind_it_is_not_heard() {
    for (wrong, refusal) in [
        (OTHER.to_owned(), refused(400, "InvalidRequestID")),
        ("x".repeat(36), refused(400, "InvalidRequestID")),
        (String::new(), refused(403, "InvalidStateTransition")),
    ] {
        let story = Story::of(move |mut guest: Guest| {
            let (wrong, refusal) = (wrong.clone(), refusal.clone());
            async move {
                let mut framed = greeted(&mut guest).await;
                let id = framed.next().await.id();
                framed.say(&[&frame(RESPONSE, &id, b"1")]).await.unwrap();
                // Answered already, or nobody's.
                let id = if wrong.is_empty() { id } else { wrong };
                assert_eq!(framed.respond(&id, b"2").await, refusal);
                assert_eq!(framed.hear().await, Heard::End);
                super::ordinary::echo(guest).await
            }
        });
        let environment = story.start().await;
        assert_eq!(success(&environment.invoke(event("0")).await.answer), "1");
        assert_eq!(success(&environment.invoke(event("http")).await.answer), "http");
        story.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_at_the_wrong_time_is_refused_and_changes_nothing() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        let id = framed.next().await.id();
        assert_eq!(framed.next().await, refused(403, "InvalidStateTransition"));
        framed.say(&[&frame(INIT_ERROR, "Late", b"{}")]).await.unwrap();
        assert_eq!(framed.hear().await, refused(403, "InvalidStateTransition"));
        // One that waits, and another.
        framed.say(&[&frame(RESPONSE, &id, b"1"), NEXT, NEXT]).await.unwrap();
        assert_eq!(framed.hear().await, refused(403, "InvalidStateTransition"));
        let id = framed.hear().await.id();
        framed.respond(&id, b"2").await;
        0
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("0")).await.answer), "1");
    assert_eq!(success(&environment.invoke(event("0")).await.answer), "2");
    story.end().await;
}

/// What is no frame, or none that may come then.
fn violations() -> Vec<(&'static str, Vec<u8>)> {
    let giant = |kind: u8, fields: u16, payload: u32| {
        [&[kind, 0][..], &fields.to_be_bytes(), &payload.to_be_bytes()].concat()
    };
    vec![
        ("no known kind", vec![0; 8]),
        ("no known kind", b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n".to_vec()),
        ("second byte", b"\x02\x01\0\0\0\0\0\0".to_vec()),
        ("payload is of 4294967295 bytes", giant(RESPONSE, 36, u32::MAX)),
        ("payload is of 67108865 bytes", giant(ERROR, 36, (64 << 20) + 1)),
        ("fields are of 65535 bytes", giant(RESPONSE, u16::MAX, 0)),
        ("fields are of 35 bytes", giant(RESPONSE, 35, 0)),
        ("payload is of 1 bytes", giant(2, 0, 1)),
        ("second greeting", HELLO.to_vec()),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_is_no_frame_destroys_the_environment() {
    for (why, bytes) in violations() {
        let story = Story::of(move |mut guest: Guest| {
            let bytes = bytes.clone();
            async move {
                let mut framed = greeted(&mut guest).await;
                framed.next().await;
                framed.say(&[&bytes]).await.unwrap();
                idle().await
            }
        });
        let environment = story.start().await;
        let before = tokio::time::Instant::now();
        let outcome = environment.invoke(event("1")).await;
        assert!(before.elapsed() < Duration::from_secs(1), "at once, not at the deadline");
        let (kind, message) = failure(&outcome.answer);
        assert_eq!((kind.as_str(), outcome.fate), ("Runtime.ProtocolViolation", Fate::Destroyed));
        assert!(message.contains("broke the protocol of its channel") && message.contains(why), "{message}");
        environment.gone().await;
        let log = story.end().await;
        assert!(
            log.last().unwrap().ends_with("Status: error\tError Type: Runtime.ProtocolViolation"),
            "{log:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_work_and_sends_what_is_no_frame_is_destroyed_too() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        framed.say(&[NEXT, b"\xFF\xFF"]).await.unwrap();
        drop(framed);
        idle().await
    });
    let environment = story.start().await;
    environment.gone().await;
    assert_eq!(environment.invoke(event("1")).await.answer, Answer::NotDelivered);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn other_greetings_fail_the_initialisation() {
    for greeting in [NEXT, b"\x01\0\0\x06\0\0\0\0LMBT\0\x02", b"\x01\0\0\x06\0\0\0\0HTTP\0\x01"] {
        let story = Story::of(move |mut guest: Guest| async move {
            Framed::of(&mut guest).say(&[greeting]).await.unwrap();
            idle().await
        });
        let environment = story.start().await;
        let outcome = environment.invoke(event("1")).await;
        assert_eq!(failure(&outcome.answer).0, "Runtime.ProtocolViolation");
        assert_eq!(story.simulation.started(), 2, "it is tried again once");
        story.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_breaks_off_destroys_the_environment() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        let id = framed.next().await.id();
        let whole = frame(RESPONSE, &id, &[b'x'; 100]);
        framed.say(&[&whole[..whole.len() - 1]]).await.unwrap();
        drop(framed);
        idle().await
    });
    let environment = story.start().await;
    let outcome = environment.invoke(event("1")).await;
    assert_eq!(failure(&outcome.answer).0, "Runtime.TruncatedResponse");
    assert_eq!(outcome.fate, Fate::Destroyed);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_initialisation_that_fails_says_why_and_is_tried_again() {
    let story = Story::of(|mut guest: Guest| async move {
        if guest.start() > 0 {
            return echo(guest).await;
        }
        let mut framed = Framed::of(&mut guest);
        framed.say(&[HELLO, &frame(INIT_ERROR, "ImportError", b"{}")]).await.unwrap();
        256
    });
    let environment = story.start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "1");
    let log = story.end().await;
    assert!(log[1].ends_with("Phase: init\tStatus: error\tError Type: ImportError"), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_of_a_runtime_that_is_dead_already_is_read() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        let id = framed.next().await.id();
        framed.say(&[&frame(RESPONSE, &id, b"last")]).await.unwrap();
        256
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "last");
    environment.gone().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn silent_slow_and_deaf_runtimes_are_stopped_at_their_deadline_and_nobody_else_waits() {
    // An answer of which only the beginning comes; a frame that is never finished; an event that is never read.
    for ill in 0..3 {
        let story = Story::of(move |mut guest: Guest| async move {
            if guest.start() > 0 {
                return echo(guest).await;
            }
            let mut framed = greeted(&mut guest).await;
            framed.say(&[NEXT]).await.unwrap();
            if ill < 2 {
                let id = framed.hear().await.id();
                let whole = frame(RESPONSE, &id, &[b'x'; 5 << 20]);
                framed.say(&[&whole[..[100_000, 7][ill]]]).await.unwrap();
            }
            idle().await
        });
        let (bad, good) = (story.start().await, story.start().await);
        let payload = "x".repeat(3 << 20);
        let stopped = tokio::spawn({
            let event = event(if ill == 2 { &payload } else { "1" });
            async move { bad.invoke(event).await }
        });
        for payload in ["1", "2"] {
            assert_eq!(success(&good.invoke(event(payload)).await.answer), payload);
        }
        let outcome = stopped.await.unwrap();
        assert_eq!(failure(&outcome.answer).0, "Sandbox.Timedout");
        assert_eq!(outcome.fate, Fate::Destroyed);
        story.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_the_deadline_is_nobodys() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        let id = framed.next().await.id();
        tokio::time::sleep(Duration::from_millis(3001)).await;
        let _ = framed.say(&[&frame(RESPONSE, &id, b"late"), NEXT]).await;
        idle().await
    });
    let environment = story.start().await;
    assert_eq!(failure(&environment.invoke(event("1")).await.answer).0, "Sandbox.Timedout");
    environment.gone().await;
    assert_eq!(environment.invoke(event("2")).await.answer, Answer::NotDelivered);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn both_ways_drive_the_same_states() {
    let story = Story::of(|mut guest: Guest| async move {
        let mut framed = greeted(&mut guest).await;
        // Asked here, answered there.
        let id = framed.next().await.id();
        assert_eq!(guest.next().await.unwrap().error_type(), "InvalidStateTransition");
        assert_eq!(guest.respond(&id, "http").await.unwrap().status, StatusCode::ACCEPTED);
        let id = guest.next().await.unwrap().id();
        assert_eq!(framed.next().await, refused(403, "InvalidStateTransition"));
        framed.say(&[&frame(RESPONSE, &id, b"frames")]).await.unwrap();
        // One that waits here makes the other one's question wrong, until it hangs up.
        framed.say(&[NEXT]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(guest.next().await.unwrap().error_type(), "InvalidStateTransition");
        drop(framed);
        tokio::time::sleep(Duration::from_millis(100)).await;
        super::ordinary::echo(guest).await
    });
    let environment = story.start().await;
    for (payload, answer) in [("1", "http"), ("2", "frames")] {
        assert_eq!(success(&environment.invoke(event(payload)).await.answer), answer);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(success(&environment.invoke(event("3")).await.answer), "3");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_environments_at_full_speed_mix_nothing_up() {
    let story = Story::of(echo);
    let mut all = Vec::new();
    for number in 0..8 {
        let environment = story.start().await;
        all.push(tokio::spawn(async move {
            for round in 0..200 {
                // Some larger than what one read takes.
                let payload = format!("{number}-{round}").repeat(if round % 20 == 0 { 10_000 } else { 1 });
                let outcome = environment.invoke(event(&payload)).await;
                assert_eq!(success(&outcome.answer), payload);
            }
            environment.shutdown().await;
        }));
    }
    for one in all {
        one.await.unwrap();
    }
    story.end().await;
}
