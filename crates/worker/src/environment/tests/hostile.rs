//! Runtimes that do anything at all, over HTTP and over the channel, and many at once.

use super::framed::{ERROR, Framed, HELLO, Heard, INIT_ERROR, NEXT, RESPONSE, frame};
use crate::simulation::Guest;
use crate::story::{Story, event, success};
use crate::{Answer, Fate, Invocation, LogTail};
use bytes::Bytes;
use http::Method;
use proptest::prelude::*;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// What a runtime may do next.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Next,
    /// Asks on a connection of its own and hangs up.
    AskAndLeave,
    Respond,
    RespondTwice,
    RespondToAnother,
    Fail,
    BreakOff,
    InitError,
    Nonsense,
    Garbage,
    /// Over the channel.
    Frames(Frames),
    Print,
    Hoard,
    Sleep(u16),
    Exit(u8),
}

/// What it may do over the channel.
#[derive(Debug, Clone, Copy)]
enum Frames {
    Greet,
    Next,
    /// Asks and doesn't listen.
    Ask,
    Respond,
    RespondAndNext,
    RespondTwice,
    RespondToAnother,
    RespondTooMuch,
    Fail,
    BreakOff(u8),
    InitError,
    Giant,
    Garbage(u8),
    HangUp,
}

fn frames() -> impl Strategy<Value = Frames> {
    prop_oneof![
        12 => Just(Frames::Greet),
        12 => Just(Frames::Next),
        1 => Just(Frames::Ask),
        12 => Just(Frames::Respond),
        4 => Just(Frames::RespondAndNext),
        1 => Just(Frames::RespondTwice),
        1 => Just(Frames::RespondToAnother),
        1 => Just(Frames::RespondTooMuch),
        2 => Just(Frames::Fail),
        1 => any::<u8>().prop_map(Frames::BreakOff),
        1 => Just(Frames::InitError),
        1 => Just(Frames::Giant),
        1 => any::<u8>().prop_map(Frames::Garbage),
        1 => Just(Frames::HangUp),
    ]
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        8 => Just(Deed::Next),
        1 => Just(Deed::AskAndLeave),
        8 => Just(Deed::Respond),
        1 => Just(Deed::RespondTwice),
        1 => Just(Deed::RespondToAnother),
        2 => Just(Deed::Fail),
        1 => Just(Deed::BreakOff),
        1 => Just(Deed::InitError),
        1 => Just(Deed::Nonsense),
        1 => Just(Deed::Garbage),
        24 => frames().prop_map(Deed::Frames),
        3 => Just(Deed::Print),
        1 => Just(Deed::Hoard),
        2 => (0u16..12_000).prop_map(Deed::Sleep),
        1 => any::<u8>().prop_map(Deed::Exit),
    ];
    proptest::collection::vec(deed, 0..14)
}

/// Does one deed. The wait for an answer is bounded, as a hostile runtime's own would be.
async fn act(guest: &mut Guest, channel: &mut Option<Framed>, id: &mut String, deed: Deed) -> Option<i32> {
    let bounded = async {
        match deed {
            Deed::Next => {
                if let Ok(work) = guest.next().await
                    && !work.id().is_empty()
                {
                    *id = work.id();
                }
            }
            Deed::AskAndLeave => {
                raw(guest, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n").await;
            }
            Deed::Respond => drop(guest.respond(id, "1").await),
            Deed::RespondTwice => {
                let _ = guest.respond(id, "1").await;
                let _ = guest.respond(id, "2").await;
            }
            Deed::RespondToAnother => drop(guest.respond("00000000-0000-4000-8000-000000000000", "1").await),
            Deed::Fail => drop(guest.fail(id, "Odd", "not json").await),
            Deed::BreakOff => {
                let head = format!(
                    "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab"
                );
                raw(guest, &head).await;
            }
            Deed::InitError => drop(guest.init_error("Odd", Bytes::new()).await),
            Deed::Nonsense => drop(guest.call(Method::PUT, "\u{7e}/..", &[], Bytes::from_static(b"?")).await),
            Deed::Garbage => raw(guest, "\0\u{7}\r\n\r\n\r\n").await,
            Deed::Frames(Frames::HangUp) => *channel = None,
            Deed::Frames(frames) => {
                if let Some(channel) = channel {
                    speak(channel, id, frames).await;
                }
            }
            Deed::Print => drop(guest.print("ä line\nand a half").await),
            Deed::Hoard => guest.use_memory(1 << 30),
            Deed::Sleep(millis) => tokio::time::sleep(Duration::from_millis(millis.into())).await,
            Deed::Exit(code) => return Some(i32::from(code)),
        }
        None
    };
    tokio::time::timeout(Duration::from_secs(20), bounded).await.ok().flatten()
}

async fn speak(channel: &mut Framed, id: &mut String, frames: Frames) {
    let other = "00000000-0000-4000-8000-000000000000";
    let answer = |id: &str| frame(RESPONSE, id, b"1");
    let said = match frames {
        Frames::Greet => channel.say(&[HELLO]).await,
        Frames::Next | Frames::RespondAndNext => {
            let heard = match frames {
                Frames::Next => channel.next().await,
                _ => channel.respond(id, b"1").await,
            };
            if let Heard::Invocation { id: new, .. } = heard {
                *id = new;
            }
            Ok(())
        }
        Frames::Ask => channel.say(&[NEXT]).await,
        Frames::Respond => channel.say(&[&answer(id)]).await,
        Frames::RespondTwice => channel.say(&[&answer(id), &answer(id)]).await,
        Frames::RespondToAnother => channel.say(&[&answer(other)]).await,
        Frames::RespondTooMuch => channel.say(&[&frame(RESPONSE, id, &vec![0; 6_291_557])]).await,
        Frames::Fail => channel.say(&[&frame(ERROR, &format!("{id}Odd"), b"not json")]).await,
        Frames::BreakOff(at) => {
            let whole = answer(id);
            channel.say(&[&whole[..usize::from(at) % whole.len()]]).await
        }
        Frames::InitError => channel.say(&[&frame(INIT_ERROR, "Odd", b"")]).await,
        Frames::Giant => channel.say(&[b"\x03\0\0\x24\xFF\xFF\xFF\xFF"]).await,
        Frames::Garbage(byte) => channel.say(&[&[byte; 50]]).await,
        Frames::HangUp => Ok(()),
    };
    // Nobody may listen any more.
    drop(said);
}

async fn raw(guest: &Guest, text: &str) {
    if let Ok(mut stream) = TcpStream::connect(guest.api()).await {
        let _ = stream.write_all(text.as_bytes()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn carry_out(mut guest: Guest, deeds: Vec<Deed>) -> i32 {
    let (mut channel, mut id) = (Some(Framed::of(&mut guest)), String::new());
    for deed in deeds {
        if let Some(status) = act(&mut guest, &mut channel, &mut id, deed).await {
            return status;
        }
    }
    // Out of ideas: it behaves.
    loop {
        match guest.next().await {
            Ok(work) if !work.id().is_empty() => drop(guest.respond(&work.id(), "1").await),
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

/// Three invocations of an environment with this runtime: each has one outcome in time, and nothing is left.
async fn survive(deeds: Vec<Deed>) {
    let story = Story::of(move |guest: Guest| carry_out(guest, deeds.clone()));
    let environment = story.start().await;
    let mut outcomes = 0;
    for log_tail in [LogTail::Omitted, LogTail::Wanted, LogTail::Omitted] {
        let before = tokio::time::Instant::now();
        let outcome = environment.invoke(Invocation { log_tail, ..event("0") }).await;
        // Ten seconds for the initialisation, three for the function, and what killing takes.
        assert!(before.elapsed() < Duration::from_millis(13_600), "{:?}", before.elapsed());
        assert_ne!(outcome.answer, Answer::Interrupted);
        outcomes += usize::from(outcome.answer != Answer::NotDelivered);
        if outcome.fate == Fate::Destroyed {
            environment.gone().await;
            assert!(!environment.is_reusable());
            assert_eq!(story.simulation.alive(), 0);
            break;
        }
    }
    drop(environment);
    let log = story.end().await;
    let count = |word: &str| log.iter().filter(|line| line.starts_with(word)).count();
    assert_eq!((count("START "), count("END "), count("REPORT ")), (outcomes, outcomes, outcomes), "{log:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_a_runtime_does_every_invocation_has_one_outcome_and_nothing_is_left(deeds in deeds()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(survive(deeds));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_environments_at_full_speed_mix_nothing_up() {
    let story = Story::of(super::ordinary::echo);
    let mut all = Vec::new();
    for number in 0..8 {
        let environment = story.start().await;
        all.push(tokio::spawn(async move {
            for round in 0..200 {
                let payload = format!("{number}-{round}");
                let log_tail = if round % 3 == 0 { LogTail::Wanted } else { LogTail::Omitted };
                let outcome = environment.invoke(Invocation { log_tail, ..event(&payload) }).await;
                assert_eq!(success(&outcome.answer), payload);
                if let Some(tail) = outcome.log_tail {
                    let tail = String::from_utf8(tail).unwrap();
                    let lines: Vec<_> = tail.lines().collect();
                    assert_eq!(lines.len(), 4, "{tail}");
                    assert_eq!(lines[1], format!("event {payload}"));
                }
            }
            environment.shutdown().await;
        }));
    }
    for one in all {
        one.await.unwrap();
    }
    assert_eq!(story.end().await.len(), 8 * (1 + 200 * 4));
}
