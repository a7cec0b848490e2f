//! A queue in a folder of its own, under a clock that stands still until it is moved.

use queue::{
    Enqueued, LaneName, LeaseToken, NewMessage, Outcome, Queue, QueueError, Sequence, Settled, TakeOptions,
    Taken,
};
use seal::{RootKey, Sealer};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use types::{Clock, Timestamp};

/// When the clock begins.
pub(crate) const START: i64 = 1_000_000;

pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A folder whose queue can be opened and closed.
pub(crate) struct Fixture {
    dir: TempDir,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) clock: Arc<HandClock>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let sealer = Arc::new(Sealer::new(RootKey::generate().unwrap()).unwrap());
        let clock = Arc::new(HandClock(AtomicI64::new(START)));
        Self { dir: tempfile::tempdir().unwrap(), sealer, clock }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("queue.db")
    }

    pub(crate) fn open(&self) -> Queue {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Queue, QueueError> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        Queue::open(&self.file(), Arc::clone(&self.sealer), clock)
    }

    /// Open over a database that may not grow beyond so many pages, as on a disk that is full.
    pub(crate) fn open_with_pages(&self, pages: u32) -> Queue {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        Queue::open_with(Arc::clone(&self.sealer), clock, |key_id, observer| {
            let options = queue::Options { max_pages: Some(pages), ..queue::Options::default() };
            let engine = queue::SqliteEngine::open_with(&self.file(), key_id, observer, options)?;
            Ok(Arc::new(engine) as Arc<dyn queue::engine::Engine>)
        })
        .unwrap()
    }

    /// A copy of the files as they are now: what another process would find if this one were killed.
    pub(crate) fn as_a_kill_would_leave_it(&self) -> Self {
        let (sealer, clock) = (Arc::clone(&self.sealer), Arc::clone(&self.clock));
        let copy = Self { dir: tempfile::tempdir().unwrap(), sealer, clock };
        for name in ["queue.db", "queue.db-wal"] {
            std::fs::copy(self.dir.path().join(name), copy.dir.path().join(name)).unwrap();
        }
        copy
    }

    /// The same moment, so many milliseconds after the start.
    pub(crate) fn at(&self, millis: i64) {
        self.clock.set(START + millis);
    }
}

pub(crate) fn time(millis: i64) -> Timestamp {
    Timestamp(START + millis)
}

pub(crate) fn standard(text: &str) -> LaneName {
    LaneName::standard(text).unwrap()
}

pub(crate) fn fifo(text: &str) -> LaneName {
    LaneName::fifo(text).unwrap()
}

pub(crate) fn message(body: &str) -> NewMessage {
    NewMessage::due_at(time(0), body.to_owned())
}

pub(crate) fn grouped(group: &str, body: &str) -> NewMessage {
    NewMessage { group: Some(group.to_owned()), ..message(body) }
}

pub(crate) fn delayed(due: i64, body: &str) -> NewMessage {
    NewMessage { due: time(due), ..message(body) }
}

pub(crate) async fn put(queue: &Queue, lane: &LaneName, message: NewMessage) -> Sequence {
    match queue.enqueue(lane, vec![message]).await.unwrap()[..] {
        [Enqueued::New(sequence)] => sequence,
        ref other => panic!("not new: {other:?}"),
    }
}

/// Takes at most `max`, leased until then.
pub(crate) async fn take(queue: &Queue, lane: &LaneName, max: usize, until: i64) -> Vec<Taken> {
    let options = TakeOptions { max, lease_until: time(until), per_group: max };
    queue.take(lane, options).await.unwrap()
}

pub(crate) async fn settle(queue: &Queue, token: LeaseToken, outcome: Outcome) -> Settled {
    queue.settle(vec![(token, outcome)]).await.unwrap()[0]
}

pub(crate) fn bodies(taken: &[Taken]) -> Vec<&str> {
    taken.iter().map(|taken| std::str::from_utf8(&taken.body).unwrap()).collect()
}

/// Ready, delayed, leased.
pub(crate) async fn counted(queue: &Queue, lane: &LaneName) -> (u64, u64, u64) {
    let counts = queue.counts(lane).await.unwrap();
    (counts.ready, counts.delayed, counts.leased)
}
