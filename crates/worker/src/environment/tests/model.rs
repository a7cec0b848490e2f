//! Both ways of speaking against a model of the states: whatever is said on whichever, the answer is the model's, and an
//! invocation gets the one answer that was taken.

use super::framed::{ERROR, Framed, Heard, NEXT, RESPONSE, frame, greeted};
use crate::simulation::{Guest, Reply};
use crate::story::{Story, event};
use crate::sync::lock;
use crate::{Answer, Fate};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    Frames,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Next,
    Respond(Whose),
    Fail(Whose),
    RespondTooMuch,
}

/// Whose id an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Current,
    Last,
    Nobody,
}

fn calls() -> impl Strategy<Value = Vec<(Way, Call)>> {
    let whose = prop_oneof![8 => Just(Whose::Current), 1 => Just(Whose::Last), 1 => Just(Whose::Nobody)];
    let call = prop_oneof![
        8 => Just(Call::Next),
        6 => whose.clone().prop_map(Call::Respond),
        2 => whose.prop_map(Call::Fail),
        1 => Just(Call::RespondTooMuch),
    ];
    proptest::collection::vec((prop_oneof![Just(Way::Http), Just(Way::Frames)], call), 1..30)
}

/// What the platform is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Invocation,
    Taken,
    TooLarge,
    WrongId,
    WrongState,
}

/// The states as far as one who asks and answers in turn sees them.
#[derive(Default)]
struct Model {
    current: Option<String>,
    last: Option<String>,
}

impl Model {
    fn id(&self, whose: Whose) -> String {
        let id = match whose {
            Whose::Current => self.current.clone(),
            Whose::Last => self.last.clone(),
            Whose::Nobody => None,
        };
        id.unwrap_or_else(|| "00000000-0000-4000-8000-000000000000".to_owned())
    }

    fn expects(&self, call: Call) -> Said {
        match call {
            Call::Next if self.current.is_some() => Said::WrongState,
            Call::Next => Said::Invocation,
            Call::RespondTooMuch if self.current.is_some() => Said::TooLarge,
            Call::RespondTooMuch => Said::WrongId,
            Call::Respond(whose) | Call::Fail(whose) => {
                let id = Some(self.id(whose));
                match () {
                    () if id == self.current => Said::Taken,
                    () if id == self.last => Said::WrongState,
                    () => Said::WrongId,
                }
            }
        }
    }
}

/// What a runtime saw and gave, for the test to look at.
#[derive(Default)]
struct Notes {
    mismatches: Vec<String>,
    /// The answers that were taken, as the callers must get them.
    given: Vec<Answer>,
    /// Whether it came to its end: neither a panic nor a wait for ever stopped it.
    done: bool,
}

struct Runtime {
    guest: Guest,
    channel: Option<Framed>,
    model: Model,
}

impl Runtime {
    async fn say(&mut self, way: Way, call: Call) -> Said {
        match (way, &mut self.channel) {
            (Way::Frames, Some(_)) => self.by_frames(call).await,
            _ => self.by_http(call).await,
        }
    }

    async fn by_http(&mut self, call: Call) -> Said {
        let id = self.model.id(whose(call));
        let reply = match call {
            Call::Next => self.guest.next().await,
            Call::Respond(_) => self.guest.respond(&id, "1").await,
            Call::Fail(_) => self.guest.fail(&id, "Odd", "{}").await,
            Call::RespondTooMuch => self.guest.respond(&id, vec![0; 6_291_557]).await,
        };
        let reply = reply.expect("an answer");
        if reply.status.as_u16() == 200 {
            self.model.current = Some(reply.id());
        }
        heard_by_http(&reply)
    }

    async fn by_frames(&mut self, call: Call) -> Said {
        let (id, channel) = (self.model.id(whose(call)), self.channel.as_mut().expect("a channel"));
        let frame = match call {
            Call::Next => NEXT.to_vec(),
            Call::Respond(_) => frame(RESPONSE, &id, b"1"),
            Call::Fail(_) => frame(ERROR, &format!("{id}Odd"), b"{}"),
            Call::RespondTooMuch => frame(RESPONSE, &id, &vec![0; 6_291_557]),
        };
        // A large answer that isn't taken is not read to its end: writing it fails, and what was said about it can be heard.
        let _ = channel.say(&[&frame]).await;
        if self.model.expects(call) == Said::Taken {
            // Nothing is said about it; that it was taken shows in the next answer, and in what the caller gets.
            // It must have been read before something is said the other way.
            tokio::time::sleep(Duration::from_millis(1)).await;
            return Said::Taken;
        }
        let heard = channel.hear().await;
        if let Heard::Invocation { id, .. } = &heard {
            self.model.current = Some(id.clone());
        }
        let said = heard_by_frames(&heard);
        let answer = call != Call::Next && call != Call::RespondTooMuch || said == Said::WrongId;
        if answer {
            assert_eq!(channel.hear().await, Heard::End, "an answer that isn't taken ends the channel");
            self.channel = None;
        }
        said
    }
}

fn whose(call: Call) -> Whose {
    match call {
        Call::Respond(whose) | Call::Fail(whose) => whose,
        Call::Next | Call::RespondTooMuch => Whose::Current,
    }
}

fn heard_by_http(reply: &Reply) -> Said {
    match (reply.status.as_u16(), reply.error_type().as_str()) {
        (200, _) => Said::Invocation,
        (202, _) => Said::Taken,
        (413, "RequestEntityTooLarge") => Said::TooLarge,
        (400, "InvalidRequestID") => Said::WrongId,
        (403, "InvalidStateTransition") => Said::WrongState,
        other => panic!("{other:?}"),
    }
}

fn heard_by_frames(heard: &Heard) -> Said {
    match heard {
        Heard::Invocation { .. } => Said::Invocation,
        Heard::Refused { status, kind } => match (status, kind.as_str()) {
            (413, "RequestEntityTooLarge") => Said::TooLarge,
            (400, "InvalidRequestID") => Said::WrongId,
            (403, "InvalidStateTransition") => Said::WrongState,
            other => panic!("{other:?}"),
        },
        Heard::End => panic!("the end"),
    }
}

fn given(call: Call) -> Option<Answer> {
    match call {
        Call::Next => None,
        Call::Respond(_) => Some(Answer::Success { payload: "1".into(), content_type: None }),
        Call::Fail(_) => Some(Answer::FunctionError { payload: "{}".into(), error_type: "Odd".to_owned() }),
        Call::RespondTooMuch => Some(crate::runtime_api::too_large()),
    }
}

async fn carry_out(mut guest: Guest, calls: Vec<(Way, Call)>, notes: Arc<Mutex<Notes>>) -> i32 {
    let channel = Some(greeted(&mut guest).await);
    let mut runtime = Runtime { guest, channel, model: Model::default() };
    for (way, call) in calls {
        let expected = runtime.model.expects(call);
        if matches!(expected, Said::Taken | Said::TooLarge) {
            lock(&notes).given.extend(given(call));
        }
        let said = runtime.say(way, call).await;
        if said != expected {
            lock(&notes).mismatches.push(format!("{way:?} {call:?}: {said:?}, not {expected:?}"));
        }
        if matches!(expected, Said::Taken | Said::TooLarge) {
            runtime.model.last = runtime.model.current.take();
        }
    }
    lock(&notes).done = true;
    256
}

/// Invokes until the runtime is at its end; the answers of those that were answered.
async fn answers(story: &Story) -> Vec<Answer> {
    let (environment, mut all) = (story.start().await, Vec::new());
    loop {
        let outcome = environment.invoke(event("0")).await;
        if outcome.fate == Fate::Destroyed {
            return all;
        }
        all.push(outcome.answer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn both_ways_of_speaking_do_what_the_model_does(calls in calls()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let notes = Arc::<Mutex<Notes>>::default();
        let answered = runtime.block_on(async {
            let noted = Arc::clone(&notes);
            let story = Story::of(move |guest: Guest| carry_out(guest, calls.clone(), Arc::clone(&noted)));
            let answered = answers(&story).await;
            story.end().await;
            answered
        });
        let notes = lock(&notes);
        prop_assert!(notes.mismatches.is_empty(), "{:?}", notes.mismatches);
        prop_assert!(notes.done, "the runtime was stopped after {:?}", notes.given);
        prop_assert_eq!(&answered, &notes.given);
    }
}
