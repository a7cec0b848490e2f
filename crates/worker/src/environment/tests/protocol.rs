//! Runtimes that don't keep to the Runtime API.

use crate::environment::desk::{Desk, Work};
use crate::environment::state::Refusal;
use crate::simulation::Guest;
use crate::story::{Story, event, failure, success};
use crate::{Answer, Fate};
use bytes::Bytes;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(start_paused = true)]
async fn second_answers_and_other_ids_are_refused_and_change_nothing() {
    let story = Story::of(|mut guest: Guest| async move {
        let other = "00000000-0000-4000-8000-000000000000";
        assert_eq!(guest.respond(other, "x").await.unwrap().error_type(), "InvalidRequestID");
        while let Ok(work) = guest.next().await {
            let id = work.id();
            for wrong in [other, "no-id"] {
                let reply = guest.respond(wrong, "x").await.unwrap();
                assert_eq!(
                    (reply.status, reply.error_type().as_str()),
                    (StatusCode::BAD_REQUEST, "InvalidRequestID")
                );
            }
            assert_eq!(guest.next().await.unwrap().error_type(), "InvalidStateTransition");
            assert_eq!(guest.init_error("X", "{}").await.unwrap().status, StatusCode::FORBIDDEN);
            assert_eq!(guest.respond(&id, work.body).await.unwrap().status, StatusCode::ACCEPTED);
            for reply in [guest.respond(&id, "x").await.unwrap(), guest.fail(&id, "X", "{}").await.unwrap()] {
                assert_eq!(
                    (reply.status, reply.error_type().as_str()),
                    (StatusCode::FORBIDDEN, "InvalidStateTransition")
                );
            }
        }
        0
    });
    let environment = story.start().await;
    for payload in ["1", "2"] {
        assert_eq!(success(&environment.invoke(event(payload)).await.answer), payload);
    }
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_function_is_passed_on_as_it_is() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        guest
            .fail(&work.id(), "ValueError", r#"{"errorMessage":"bad","errorType":"ValueError"}"#)
            .await
            .unwrap();
        let work = guest.next().await.unwrap();
        guest.fail(&work.id(), "Odd", "not json").await.unwrap();
        guest.next().await.map_or(1, |_| 0)
    });
    let environment = story.start().await;
    let outcome = environment.invoke(event("1")).await;
    assert_eq!(failure(&outcome.answer), ("ValueError".to_owned(), "bad".to_owned()));
    assert_eq!(outcome.fate, Fate::Reusable);
    let outcome = environment.invoke(event("2")).await;
    assert_eq!(failure(&outcome.answer).0, "Odd");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_response_may_be_just_as_large_as_the_limit_and_no_larger() {
    let story = Story::of(|mut guest: Guest| async move {
        while let Ok(work) = guest.next().await {
            let size: usize = String::from_utf8_lossy(&work.body).parse().unwrap();
            let reply = guest.respond(&work.id(), vec![b'x'; size]).await.unwrap();
            let fits = if size > 6_291_556 { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::ACCEPTED };
            assert_eq!(reply.status, fits);
        }
        0
    });
    let environment = story.start().await;
    let largest = environment.invoke(event("6291556")).await;
    assert_eq!(success(&largest.answer).len(), 6_291_556);
    let outcome = environment.invoke(event("6291557")).await;
    let (kind, message) = failure(&outcome.answer);
    assert_eq!(kind, "Function.ResponseSizeTooLarge");
    assert_eq!(message, "Response payload size exceeded maximum allowed payload size (6291556 bytes).");
    assert_eq!(success(&environment.invoke(event("3")).await.answer), "xxx", "it stays usable");
    story.end().await;
}

async fn raw(guest: &Guest, text: String) -> TcpStream {
    let mut stream = TcpStream::connect(guest.api()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let (mut seen, mut buffer) = (String::new(), [0; 1024]);
    while !seen.contains(end) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the connection ended after {seen}");
        seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    seen
}

fn post(id: &str, headers: &str, body: &str) -> String {
    format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}")
}

#[tokio::test(start_paused = true)]
async fn a_question_behind_a_refused_answer_is_not_heard() {
    let story = Story::of(|mut guest: Guest| async move {
        let id = guest.next().await.unwrap().id();
        guest.respond(&id, "1").await.unwrap();
        let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";
        let mut stream = raw(&guest, post(&id, "content-length: 1\r\n", "2") + next).await;
        let mut seen = String::new();
        stream.read_to_string(&mut seen).await.unwrap();
        assert!(!seen.contains("HTTP/1.1 2"), "{seen}");
        1
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("first")).await.answer), "1");
    assert_eq!(environment.invoke(event("second")).await.answer, Answer::NotDelivered);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_and_the_next_question_may_come_in_one_packet() {
    let story = Story::of(|mut guest: Guest| async move {
        const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";
        let id = guest.next().await.unwrap().id();
        let both = post(&id, "content-length: 1\r\n", "1") + NEXT;
        let mut stream = raw(&guest, both).await;
        let seen = read_until(&mut stream, "second").await;
        assert!(seen.starts_with("HTTP/1.1 202 "), "{seen}");
        let at = seen.find("Lambda-Runtime-Aws-Request-Id: ").unwrap() + 31;
        let id = &seen[at..at + 36];
        stream.write_all((post(id, "content-length: 1\r\n", "2") + NEXT).as_bytes()).await.unwrap();
        read_until(&mut stream, "third").await;
        0
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("first")).await.answer), "1");
    assert_eq!(success(&environment.invoke(event("second")).await.answer), "2");
    assert_eq!(failure(&environment.invoke(event("third")).await.answer).0, "Runtime.ExitError");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_hangs_up_with_an_unwritten_answer_may_ask_again() {
    let story = Story::of(|mut guest: Guest| async move {
        const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";
        let id = guest.next().await.unwrap().id();
        let stream = raw(&guest, post(&id, "content-length: 1\r\n", "1") + NEXT).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(stream);
        tokio::time::sleep(Duration::from_secs(1)).await;
        super::ordinary::echo(guest).await
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("first")).await.answer), "1");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(success(&environment.invoke(event("second")).await.answer), "second");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_of_a_runtime_that_is_dead_already_is_read() {
    let story = Story::of(|mut guest: Guest| async move {
        let id = guest.next().await.unwrap().id();
        // Without a pause between the answer and the end.
        let mut stream = std::net::TcpStream::connect(guest.api()).unwrap();
        std::io::Write::write_all(&mut stream, post(&id, "content-length: 4\r\n", "last").as_bytes())
            .unwrap();
        256
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "last");
    environment.gone().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_chunked_response_may_end_in_a_late_error() {
    let story = Story::of(|mut guest: Guest| async move {
        let headers = "lambda-runtime-function-response-mode: streaming\r\ntransfer-encoding: chunked\r\n\
                       trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n";
        let id = guest.next().await.unwrap().id();
        let mut stream = raw(&guest, post(&id, headers, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).await;
        read_until(&mut stream, "OK").await;
        let id = guest.next().await.unwrap().id();
        let late = "3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Late\r\n\
                    Lambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJvaCJ9\r\n\r\n";
        let mut stream = raw(&guest, post(&id, headers, late)).await;
        read_until(&mut stream, "OK").await;
        guest.next().await.map_or(1, |_| 0)
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "abcde");
    let late = environment.invoke(event("2")).await;
    assert_eq!(failure(&late.answer), ("Late".to_owned(), "oh".to_owned()));
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_response_that_breaks_off_destroys_the_environment() {
    let story = Story::of(|mut guest: Guest| async move {
        let id = guest.next().await.unwrap().id();
        drop(raw(&guest, post(&id, "content-length: 100\r\n", "only a part")).await);
        tokio::time::sleep(Duration::from_secs(1000)).await;
        0
    });
    let environment = story.start().await;
    let outcome = environment.invoke(event("1")).await;
    assert_eq!(failure(&outcome.answer).0, "Runtime.TruncatedResponse");
    assert_eq!(outcome.fate, Fate::Destroyed);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_hangs_up_and_asks_again_gets_the_work() {
    let story = Story::of(|mut guest: Guest| async move {
        let asked = tokio::time::timeout(Duration::from_millis(200), guest.next()).await;
        assert!(asked.is_err(), "nothing has come yet");
        guest.disconnect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        super::ordinary::echo(guest).await
    });
    let environment = story.start().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "1", "handed to nobody, it waits");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_runtime_api_gets_clear_answers() {
    let story = Story::of(|mut guest: Guest| async move {
        let unknown = guest.call(Method::GET, "nothing", &[], Bytes::new()).await.unwrap();
        assert_eq!((unknown.status, unknown.error_type().as_str()), (StatusCode::NOT_FOUND, "NotFound"));
        let restore = guest.call(Method::GET, "restore/next", &[], Bytes::new()).await.unwrap();
        assert_eq!(restore.status, StatusCode::NOT_IMPLEMENTED);
        let method = guest.call(Method::POST, "invocation/next", &[], Bytes::new()).await.unwrap();
        assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
        super::ordinary::echo(guest).await
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "1");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_allowed_wait_and_harm_nobody() {
    let story = Story::of(|guest: Guest| async move {
        let mut idle = Vec::new();
        for _ in 0..50 {
            idle.push(TcpStream::connect(guest.api()).await.unwrap());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(idle);
        super::ordinary::echo(guest).await
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "1");
    let ended = environment.invoke(event("2")).await;
    assert!(matches!(ended.answer, Answer::Success { .. }));
    story.end().await;
}

#[tokio::test]
async fn a_runtime_that_was_given_up_is_told_that_it_has_ended() {
    let spec = Arc::new(crate::story::spec());
    let clock: Arc<dyn types::Clock> = Arc::new(crate::story::Ticking::started());
    let memory = Arc::new(crate::memory::MemoryWatch::new(1));
    let log = Arc::new(crate::logs::Capture::new(
        Arc::clone(&spec.log),
        spec.logging,
        Arc::clone(&clock),
        memory,
        u32::MAX,
    ));
    let desk = Desk::new(spec, clock, log);
    desk.init_failed().unwrap();
    let (reply, _outcome) = tokio::sync::oneshot::channel();
    let invocation = event("1");
    let id = invocation.request_id;
    desk.begin(invocation, reply);
    let (first, second) = (0, desk.restart());
    assert!(
        matches!(desk.next(first), Err(Refusal::Ended)),
        "it must not get the invocation of its successor"
    );
    assert!(matches!(desk.next(second), Ok(Work::Now(_))));
    assert_eq!(desk.answer_starts(first, id), Err(Refusal::Ended));
    desk.answer_starts(second, id).unwrap();
    assert!(!desk.answer_ends(first, id, Answer::NotDelivered));
}
