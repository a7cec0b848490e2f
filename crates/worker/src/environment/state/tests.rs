//! Random sequences of everything that callers, a runtime (an honest or a hostile one) and the driver can do, against
//! what must hold whatever the order is; and the ordinary course, step by step.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn id(n: u8) -> RequestId {
    format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Begin,
    Next,
    Unpark,
    AnswerStarts(u8),
    AnswerEnds(u8),
    InitError,
    InitFailed,
    Restart,
    TakeBack,
    Close,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => Just(Event::Begin),
        6 => Just(Event::Next),
        1 => Just(Event::Unpark),
        6 => (0u8..8).prop_map(Event::AnswerStarts),
        6 => (0u8..8).prop_map(Event::AnswerEnds),
        1 => Just(Event::InitError),
        1 => Just(Event::InitFailed),
        2 => Just(Event::Restart),
        1 => Just(Event::TakeBack),
        1 => Just(Event::Close),
    ];
    proptest::collection::vec(event, 0..60)
}

/// What an observer outside remembers.
#[derive(Default)]
struct Seen {
    begun: u8,
    /// Accepted and neither answered nor lost.
    open: Option<RequestId>,
    delivered: HashSet<RequestId>,
    answered: HashSet<RequestId>,
    closed: bool,
}

impl Seen {
    fn deliver(&mut self) {
        let open = self.open.expect("only an accepted invocation is delivered");
        assert!(self.delivered.insert(open), "delivered twice");
    }

    fn begin(&mut self, machine: &mut Machine) {
        let fresh = id(self.begun);
        match machine.begin(fresh) {
            Begin::Deliver => {
                self.accept(fresh);
                self.deliver();
            }
            Begin::Queue | Begin::QueueAndRestart => self.accept(fresh),
            Begin::Busy => assert!(self.open.is_some()),
            Begin::Closed => assert!(self.closed),
        }
    }

    fn accept(&mut self, fresh: RequestId) {
        assert!(self.open.is_none() && !self.closed);
        self.open = Some(fresh);
        self.begun += 1;
    }

    fn close(&mut self, machine: &mut Machine) {
        match machine.close() {
            Unfinished::Nothing => assert!(self.open.is_none()),
            Unfinished::Undelivered(id) => {
                assert_eq!(self.open.take(), Some(id));
                assert!(!self.delivered.contains(&id));
            }
            Unfinished::Delivered(id) => {
                assert_eq!(self.open.take(), Some(id));
                assert!(self.delivered.contains(&id) && !self.answered.contains(&id));
            }
        }
        self.closed = true;
    }

    fn apply(&mut self, event: Event, machine: &mut Machine) {
        match event {
            Event::Begin => self.begin(machine),
            Event::Next => match machine.next() {
                Ok(Next::Deliver) => self.deliver(),
                Ok(Next::Hold) => assert!(self.open.is_none() && !self.closed),
                Err(refusal) => assert_ne!(refusal, Refusal::InvalidRequestId),
            },
            Event::AnswerStarts(n) => {
                if machine.answer_starts(id(n)).is_ok() {
                    assert_eq!(self.open, Some(id(n)));
                    assert!(self.delivered.contains(&id(n)));
                }
            }
            Event::AnswerEnds(n) => {
                if machine.answer_ends(id(n)) {
                    assert_eq!(self.open.take(), Some(id(n)));
                    assert!(self.delivered.contains(&id(n)), "answered without having been delivered");
                    assert!(self.answered.insert(id(n)), "answered twice");
                }
            }
            Event::TakeBack => {
                let before = machine.state();
                machine.take_back();
                if machine.state() != before {
                    self.delivered.remove(&self.open.unwrap());
                }
            }
            Event::Unpark => machine.unpark(),
            Event::InitError => drop(machine.init_error()),
            Event::InitFailed => drop(machine.init_failed()),
            Event::Restart => machine.restart(),
            Event::Close => self.close(machine),
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_order_each_invocation_is_delivered_and_answered_at_most_once(events in events()) {
        let (mut machine, mut seen) = (Machine::new(), Seen::default());
        for event in events {
            seen.apply(event, &mut machine);
            prop_assert_eq!(machine.state() == State::Closed, seen.closed);
        }
        seen.close(&mut machine);
        prop_assert_eq!(machine.begin(id(99)), Begin::Closed);
        prop_assert!(machine.next().is_err() && machine.init_error().is_err());
    }

    #[test]
    fn an_honest_runtime_is_never_refused(count in 1u8..8, early in any::<bool>()) {
        let mut machine = Machine::new();
        for n in 0..count {
            if early {
                prop_assert_ne!(machine.begin(id(n)), Begin::Busy);
                prop_assert_eq!(machine.next(), Ok(Next::Deliver));
            } else {
                prop_assert_eq!(machine.next(), Ok(Next::Hold));
                prop_assert_eq!(machine.begin(id(n)), Begin::Deliver);
            }
            prop_assert_eq!(machine.answer_starts(id(n)), Ok(()));
            prop_assert!(machine.answer_ends(id(n)));
        }
    }
}

#[test]
fn a_wrong_id_and_a_second_answer_are_told_apart() {
    let mut machine = Machine::new();
    assert_eq!(machine.answer_starts(id(1)), Err(Refusal::InvalidRequestId));
    machine.next().unwrap();
    machine.begin(id(1));
    assert_eq!(machine.answer_starts(id(2)), Err(Refusal::InvalidRequestId));
    machine.answer_starts(id(1)).unwrap();
    let second = machine.answer_starts(id(1)).unwrap_err();
    assert!(matches!(second, Refusal::InvalidStateTransition { from: "InvocationResponse", .. }));
    assert!(machine.answer_ends(id(1)));
    assert!(matches!(machine.answer_starts(id(1)), Err(Refusal::InvalidStateTransition { .. })));
    assert_eq!(machine.answer_starts(id(3)), Err(Refusal::InvalidRequestId), "an older id is simply unknown");
}

#[test]
fn an_id_that_was_not_handed_out_yet_cannot_be_answered() {
    let mut machine = Machine::new();
    machine.begin(id(1));
    assert_eq!(machine.answer_starts(id(1)), Err(Refusal::InvalidRequestId));
    assert!(!machine.answer_ends(id(1)));
}

#[test]
fn a_failed_initialisation_is_tried_again_for_the_invocation_that_waits() {
    let mut machine = Machine::new();
    machine.init_error().unwrap();
    assert!(machine.next().is_err(), "the failed runtime gets no work");
    assert_eq!(machine.begin(id(1)), Begin::QueueAndRestart);
    machine.restart();
    assert_eq!(machine.next(), Ok(Next::Deliver));
    assert!(machine.init_error().is_err(), "too late to fail the initialisation");
}
