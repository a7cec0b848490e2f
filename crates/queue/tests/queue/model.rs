//! Random histories against a model that is a list and a few rules, under a clock that the history moves; with restarts,
//! and with kills: the files as they are at some moment are what another process finds that opens them then.

use crate::fixture::{Fixture, START, fifo, standard, time};
use proptest::prelude::*;
use queue::{
    Counts, Deduplicate, Enqueued, LaneKind, LaneName, LeaseToken, NewMessage, Outcome, Queue, Sequence,
    Settled, TakeOptions,
};
use std::collections::BTreeMap;

const GROUPS: usize = 2;

#[derive(Debug, Clone)]
enum Act {
    Wait(i64),
    Enqueue { lane: usize, messages: Vec<New> },
    Take { lane: usize, max: usize, lease: i64, per_group: usize },
    Settle(Vec<(prop::sample::Index, What)>),
    Purge(usize),
    Pause(usize),
    Resume(usize),
    Count,
    Sweep,
    Restart,
    Kill,
}

#[derive(Debug, Clone)]
struct New {
    delay: i64,
    life: Option<i64>,
    group: usize,
    key: Option<(u8, i64)>,
}

#[derive(Debug, Clone)]
enum What {
    Done,
    Retry(i64),
    Extend(i64),
    Forward { lane: usize, messages: Vec<New> },
}

fn new() -> impl Strategy<Value = New> {
    let delay = prop_oneof![3 => Just(0), 1 => 1..40i64];
    let life = prop_oneof![3 => Just(None), 1 => (1..80i64).prop_map(Some)];
    let key = prop_oneof![4 => Just(None), 1 => (0..3u8, 1..60i64).prop_map(Some)];
    (delay, life, 0..GROUPS, key).prop_map(|(delay, life, group, key)| New { delay, life, group, key })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        4 => Just(What::Done),
        2 => prop_oneof![Just(0), 1..40i64].prop_map(What::Retry),
        2 => prop_oneof![Just(0), 1..40i64].prop_map(What::Extend),
        1 => (0..3usize, prop::collection::vec(new(), 1..3))
            .prop_map(|(lane, messages)| What::Forward { lane, messages }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let lane = || prop_oneof![0..2usize, Just(2usize)];
    prop_oneof![
        5 => (0..30i64).prop_map(Act::Wait),
        8 => (lane(), prop::collection::vec(new(), 1..5))
            .prop_map(|(lane, messages)| Act::Enqueue { lane, messages }),
        10 => (lane(), 1..5usize, 0..40i64, 1..4usize)
            .prop_map(|(lane, max, lease, per_group)| Act::Take { lane, max, lease, per_group }),
        8 => prop::collection::vec((any::<prop::sample::Index>(), what()), 1..4).prop_map(Act::Settle),
        1 => lane().prop_map(Act::Purge),
        1 => lane().prop_map(Act::Pause),
        2 => lane().prop_map(Act::Resume),
        3 => Just(Act::Count),
        1 => Just(Act::Sweep),
        1 => Just(Act::Restart),
        1 => Just(Act::Kill),
    ]
}

/// The first two are standard lanes, the third is a FIFO lane.
fn lane(number: usize) -> LaneName {
    if number == 2 { fifo("c") } else { standard(["a", "b"][number]) }
}

#[derive(Debug, Clone)]
struct Message {
    lane: usize,
    visible: i64,
    leased: bool,
    fence: u32,
    attempts: u32,
    expires: Option<i64>,
    group: usize,
}

/// Messages are known by their bodies, which number them in the order in which they were handed in.
#[derive(Default)]
struct Model {
    now: i64,
    last: u64,
    messages: BTreeMap<u64, Message>,
    keys: BTreeMap<(usize, u8), (Sequence, i64)>,
    paused: [bool; 3],
    tokens: Vec<(LeaseToken, u64)>,
}

impl Model {
    fn over(&self, message: &Message) -> bool {
        message.expires.is_some_and(|expires| expires <= self.now)
    }

    fn of_lane(&self, lane: usize) -> impl Iterator<Item = (u64, &Message)> {
        let alive = move |(_, one): &(&u64, &Message)| one.lane == lane && !self.over(one);
        self.messages.iter().filter(alive).map(|(id, one)| (*id, one))
    }

    /// Whether some row of the lane has expired, and may still be there.
    fn has_expired(&self, lane: usize) -> bool {
        self.messages.values().any(|one| one.lane == lane && self.over(one))
    }

    fn make(&mut self, lane: usize, new: &New) -> NewMessage {
        self.last += 1;
        NewMessage {
            due: time(self.now + new.delay),
            expires: new.life.map(|life| time(self.now + life)),
            group: (lane == 2).then(|| new.group.to_string()),
            deduplicate: new
                .key
                .map(|(key, window)| Deduplicate { key: key.to_string(), until: time(self.now + window) }),
            ..NewMessage::due_at(time(0), self.last.to_string())
        }
    }

    /// What an enqueue must be answered, but for the sequence: the earlier one of an equal key.
    fn earlier(&self, lane: usize, new: &New) -> Option<Sequence> {
        let (sequence, until) = self.keys.get(&(lane, new.key?.0))?;
        (*until > self.now).then_some(*sequence)
    }

    fn add(&mut self, lane: usize, new: &New, id: u64) {
        let message = Message {
            lane,
            visible: self.now + new.delay,
            leased: false,
            fence: 0,
            attempts: 0,
            expires: new.life.map(|life| self.now + life),
            group: new.group,
        };
        self.messages.insert(id, message);
    }

    /// What may be taken now: of a standard lane in this order, of a FIFO lane the beginning of each group.
    fn available(&self, lane: usize) -> Vec<Vec<u64>> {
        let visible = |one: &Message| one.visible <= self.now;
        if lane < 2 {
            let mut all: Vec<_> = self.of_lane(lane).filter(|(_, one)| visible(one)).collect();
            all.sort_by_key(|(id, one)| (one.visible, *id));
            return vec![all.into_iter().map(|(id, _)| id).collect()];
        }
        let of_group = |group| {
            let all: Vec<_> = self.of_lane(lane).filter(|(_, one)| one.group == group).collect();
            let held = all.iter().any(|(_, one)| one.leased && !visible(one));
            let free = all.iter().take_while(|(_, one)| !held && visible(one));
            free.map(|(id, _)| *id).collect()
        };
        (0..GROUPS).map(of_group).collect()
    }

    fn lease(&mut self, id: u64, token: LeaseToken, until: i64) -> (u32, u32) {
        self.tokens.push((token, id));
        let message = self.messages.get_mut(&id).unwrap();
        (message.visible, message.leased) = (until, true);
        message.fence += 1;
        message.attempts += 1;
        (message.fence, message.attempts)
    }

    fn counts(&self, lane: usize) -> (u64, u64, u64) {
        let (mut ready, mut delayed, mut leased) = (0, 0, 0);
        for (_, one) in self.of_lane(lane) {
            match (one.visible <= self.now, one.leased) {
                (true, _) => ready += 1,
                (false, false) => delayed += 1,
                (false, true) => leased += 1,
            }
        }
        (ready, delayed, leased)
    }
}

struct Play {
    fixture: Fixture,
    queue: Option<Queue>,
    model: Model,
    highest: Sequence,
}

type Verdict = Result<(), TestCaseError>;

impl Play {
    fn queue(&self) -> &Queue {
        self.queue.as_ref().unwrap()
    }

    async fn act(&mut self, act: Act) -> Verdict {
        match act {
            Act::Wait(millis) => {
                self.model.now += millis;
                self.fixture.clock.set(START + self.model.now);
            }
            Act::Enqueue { lane, messages } => self.enqueue(lane, &messages).await?,
            Act::Take { lane, max, lease, per_group } => self.take(lane, max, lease, per_group).await?,
            Act::Settle(items) => self.settle(&items).await?,
            Act::Purge(number) => {
                self.queue().purge(&lane(number)).await.unwrap();
                self.model.messages.retain(|_, one| one.lane != number);
            }
            Act::Pause(number) => {
                self.queue().pause(&lane(number)).await.unwrap();
                self.model.paused[number] = true;
            }
            Act::Resume(number) => {
                self.queue().resume(&lane(number)).await.unwrap();
                self.model.paused[number] = false;
            }
            Act::Count => self.count().await?,
            Act::Sweep => {
                self.queue().sweep(1000).await.unwrap();
            }
            Act::Restart => {
                self.queue = None;
                self.queue = Some(self.fixture.open());
            }
            Act::Kill => self.kill(),
        }
        Ok(())
    }

    async fn enqueue(&mut self, number: usize, messages: &[New]) -> Verdict {
        let first = self.model.last + 1;
        let made = messages.iter().map(|new| self.model.make(number, new)).collect();
        let answers = self.queue().enqueue(&lane(number), made).await.unwrap();
        prop_assert_eq!(answers.len(), messages.len());
        for ((new, answer), id) in messages.iter().zip(answers).zip(first..) {
            match (answer, self.model.earlier(number, new)) {
                (Enqueued::Earlier(found), Some(expected)) => prop_assert_eq!(found, expected),
                (Enqueued::New(sequence), None) => {
                    prop_assert!(self.highest < sequence, "sequences grow");
                    self.highest = sequence;
                    if let Some((key, window)) = new.key {
                        self.model.keys.insert((number, key), (sequence, self.model.now + window));
                    }
                    self.model.add(number, new, id);
                }
                (found, expected) => prop_assert!(false, "{:?} for {:?}", found, expected),
            }
        }
        Ok(())
    }

    async fn take(&mut self, number: usize, max: usize, lease: i64, per_group: usize) -> Verdict {
        let until = self.model.now + lease;
        let options = TakeOptions { max, lease_until: time(until), per_group };
        let taken = self.queue().take(&lane(number), options).await.unwrap();
        let available = if self.model.paused[number] { Vec::new() } else { self.model.available(number) };
        let cap = if number == 2 { per_group } else { max };
        let enough = available.iter().map(|group| group.len().min(cap)).sum::<usize>().min(max);
        // What has expired may stand in the way of a take, which then gives less.
        let short = self.model.has_expired(number) && number == 2;
        prop_assert!(
            taken.len() == enough || (short && taken.len() < enough),
            "{} of {}",
            taken.len(),
            enough
        );
        let ids: Vec<u64> =
            taken.iter().map(|one| std::str::from_utf8(&one.body).unwrap().parse().unwrap()).collect();
        for group in &available {
            let of_group: Vec<_> = ids.iter().copied().filter(|id| group.contains(id)).collect();
            prop_assert_eq!(&of_group[..], &group[..of_group.len()], "the first ones, in order");
            prop_assert!(of_group.len() <= cap);
        }
        for (one, id) in taken.iter().zip(ids) {
            prop_assert!(available.iter().flatten().any(|known| *known == id), "{:?}", one);
            let (fence, attempts) = self.model.lease(id, one.lease, until);
            prop_assert_eq!((one.lease.fence, one.attempts), (fence, attempts));
        }
        Ok(())
    }

    async fn settle(&mut self, items: &[(prop::sample::Index, What)]) -> Verdict {
        if self.model.tokens.is_empty() {
            return Ok(());
        }
        // Mostly tokens that may still be good.
        let tokens = &self.model.tokens[self.model.tokens.len().saturating_sub(6)..];
        let chosen: Vec<_> = items.iter().map(|(index, what)| (*index.get(tokens), what.clone())).collect();
        let mut firsts = Vec::new();
        let mut wanted = Vec::new();
        for ((token, _), what) in &chosen {
            firsts.push(self.model.last + 1);
            wanted.push((*token, self.outcome(what)));
        }
        let answers = self.queue().settle(wanted).await.unwrap();
        for (((token, what), answer), first) in chosen.into_iter().zip(answers).zip(firsts) {
            self.settled(token, &what, answer, first)?;
        }
        Ok(())
    }

    fn outcome(&mut self, what: &What) -> Outcome {
        let now = self.model.now;
        match what {
            What::Done => Outcome::Done,
            What::Retry(after) => Outcome::Retry { due: time(now + after) },
            What::Extend(by) => Outcome::Extend { until: time(now + by) },
            What::Forward { lane: to, messages } => Outcome::Forward {
                to: lane(*to),
                messages: messages.iter().map(|new| self.model.make(*to, &new.without_key())).collect(),
            },
        }
    }

    /// What is forwarded is numbered from `first` on.
    fn settled(
        &mut self,
        (token, id): (LeaseToken, u64),
        what: &What,
        answer: Settled,
        first: u64,
    ) -> Verdict {
        let now = self.model.now;
        let held = self.model.messages.get(&id).filter(|one| one.fence == token.fence).cloned();
        let Some(held) = held else {
            prop_assert_eq!(answer, Settled::Stale);
            return Ok(());
        };
        // What has expired may be gone or not; the answer says so.
        prop_assert!(answer == Settled::Applied || self.model.over(&held), "{:?} is not stale", token);
        if answer == Settled::Stale {
            self.model.messages.remove(&id);
            return Ok(());
        }
        let message = self.model.messages.get_mut(&id).unwrap();
        match what {
            What::Retry(after) => {
                message.fence += 1;
                (message.leased, message.visible) = (false, now + after);
            }
            What::Extend(by) => (message.leased, message.visible) = (true, now + by),
            What::Done | What::Forward { .. } => drop(self.model.messages.remove(&id)),
        }
        if let What::Forward { lane, messages } = what {
            for (new, id) in messages.iter().zip(first..) {
                self.model.add(*lane, new, id);
            }
        }
        Ok(())
    }

    async fn count(&mut self) -> Verdict {
        for number in 0..3 {
            let Counts { ready, delayed, leased, bytes, quarantined, .. } =
                self.queue().counts(&lane(number)).await.unwrap();
            prop_assert_eq!((ready, delayed, leased), self.model.counts(number), "lane {}", number);
            prop_assert_eq!(quarantined, 0);
            prop_assert_eq!(bytes > 0, ready + delayed + leased > 0);
        }
        // Counting removed what has expired.
        let now = self.model.now;
        self.model.messages.retain(|_, one| one.expires.is_none_or(|expires| expires > now));
        for number in 0..2 {
            let expected = self.model.of_lane(number).map(|(_, one)| one.visible).min();
            let expected = expected.filter(|_| !self.model.paused[number]);
            prop_assert_eq!(self.queue().next_due(&lane(number)).await.unwrap(), expected.map(time));
        }
        Ok(())
    }

    /// Another process opens what is in the files now; this one never writes again.
    fn kill(&mut self) {
        let next = self.fixture.as_a_kill_would_leave_it();
        self.queue = None;
        self.fixture = next;
        self.queue = Some(self.fixture.open());
    }
}

impl New {
    fn without_key(&self) -> Self {
        Self { key: None, ..self.clone() }
    }
}

async fn play(acts: Vec<Act>) -> Verdict {
    let fixture = Fixture::new();
    let queue = Some(fixture.open());
    let mut play = Play { fixture, queue, model: Model::default(), highest: Sequence(0) };
    for act in acts {
        play.act(act).await?;
    }
    play.count().await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_queue_does_what_a_list_does(acts in prop::collection::vec(act(), 1..80)) {
        assert_eq!(lane(2).kind(), LaneKind::Fifo);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(acts))?;
    }
}
