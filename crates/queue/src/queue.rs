//! The queue: sealing above an engine, and those who wait for arrivals.

use crate::arrivals::Waiters;
use crate::embedded::SqliteEngine;
use crate::engine::{
    Accuracy, Clear, Engine, Enqueue, Lanes, NewRow, Observer, Quarantine, Settle, Settlement, Take,
    TakenRow, Tidy, Which,
};
use crate::message::{MAX_MESSAGE_BYTES, MAX_TOGETHER, MAX_TOGETHER_BYTES};
use crate::{
    Arrivals, Counts, Enqueued, Flow, LaneArrivals, LaneKind, LaneName, LaneState, LeaseToken, NewMessage,
    Outcome, Peeked, Quarantined, QueueError, Sequence, Settled, Swept, TakeOptions, Taken, sealing,
};
use seal::Sealer;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;
use types::{Clock, Timestamp};

/// Rows that one step of a long operation concerns, so that nobody waits long for the writer.
const STEP: usize = 500;
/// Steps that counting a lane may take to bring it up to date.
const COUNTING_STEPS: usize = 10_000;

/// All lanes, open. What is handed to its methods is carried out even if the caller stops waiting; when it is dropped,
/// the drop waits for that.
pub struct Queue {
    engine: Arc<dyn Engine>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    waiters: Arc<Waiters>,
    /// Held from the making of a FIFO message's sequence until it stands in line, so that groups are in the order of
    /// their sequences.
    order: Mutex<()>,
}

impl Queue {
    /// Opens the file (`queue.db` of a data directory that this process has taken), which is made where there is none.
    ///
    /// # Errors
    /// [`sqlite::DatabaseError::WrongRootKey`], [`sqlite::DatabaseError::NewerSchema`], and what the disk says.
    pub fn open(file: &Path, sealer: Arc<Sealer>, clock: Arc<dyn Clock>) -> Result<Self, QueueError> {
        Self::open_with(sealer, clock, |key_id, observer| {
            SqliteEngine::open(file, key_id, observer).map(|engine| Arc::new(engine) as Arc<dyn Engine>)
        })
    }

    /// Opens over the engine that `engine` makes. It gets the id of the root key (an engine keeps it and refuses another)
    /// and the observer.
    ///
    /// # Errors
    /// What `engine` says.
    pub fn open_with(
        sealer: Arc<Sealer>,
        clock: Arc<dyn Clock>,
        engine: impl FnOnce(seal::KeyId, Observer) -> Result<Arc<dyn Engine>, QueueError>,
    ) -> Result<Self, QueueError> {
        let waiters = Arc::<Waiters>::default();
        let observer: Observer = {
            let waiters = Arc::clone(&waiters);
            Box::new(move |lane| waiters.ring(lane))
        };
        let engine = engine(sealer.key_id(), observer)?;
        Ok(Self { engine, sealer, clock, waiters, order: Mutex::new(()) })
    }

    /// Adds messages to a lane, in their order. When this returns `Ok`, they are durable.
    ///
    /// # Errors
    /// [`QueueError::Number`], [`QueueError::TooLong`], [`QueueError::TooMuch`], [`QueueError::NoGroup`],
    /// [`QueueError::Group`], and what the
    /// engine says; nothing was enqueued then.
    pub async fn enqueue(
        &self,
        lane: &LaneName,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Enqueued>, QueueError> {
        check_number(messages.len())?;
        check(lane, &messages)?;
        let ordered = if lane.kind() == LaneKind::Fifo { Some(self.order.lock().await) } else { None };
        let rows = self.seal(lane, &messages)?;
        let command = Enqueue { lane: lane.clone(), rows, now: self.clock.now() };
        let reply = self.engine.enqueue(command).await?;
        drop(ordered);
        reply.answer().await
    }

    /// Leases the messages that come first: in a standard lane by due time, then by sequence; in a FIFO lane by sequence
    /// within each group, and none of a group of which one is leased. Their attempts are counted before they are given.
    /// What can't be opened is set aside and costs no other.
    ///
    /// # Errors
    /// [`QueueError::Number`], and what the engine says.
    pub async fn take(&self, lane: &LaneName, options: TakeOptions) -> Result<Vec<Taken>, QueueError> {
        check_number(options.max)?;
        check_number(options.per_group)?;
        let now = self.clock.now();
        let command = Take { lane: lane.clone(), options, now };
        let rows = self.engine.take(command).await?.answer().await?;
        let mut taken = Vec::with_capacity(rows.len());
        let mut damaged = Vec::new();
        for row in rows {
            match self.open_row(lane, row) {
                Ok(message) => taken.push(message),
                Err(damage) => damaged.push(damage),
            }
        }
        if !damaged.is_empty() {
            self.engine.quarantine(Quarantine { rows: damaged, now }).await?.answer().await?;
        }
        Ok(taken)
    }

    /// Settles messages; an answer for each. All are settled in one transaction.
    ///
    /// # Errors
    /// As for [`Queue::enqueue`], for what is forwarded; nothing was settled then.
    pub async fn settle(&self, items: Vec<(LeaseToken, Outcome)>) -> Result<Vec<Settled>, QueueError> {
        check_number(items.len())?;
        let mut forwards_in_order = false;
        for (_, outcome) in &items {
            if let Outcome::Forward { to, messages } = outcome {
                check_number(messages.len())?;
                check(to, messages)?;
                forwards_in_order |= to.kind() == LaneKind::Fifo;
            }
        }
        let ordered = if forwards_in_order { Some(self.order.lock().await) } else { None };
        let items = items
            .into_iter()
            .map(|(token, outcome)| Ok((token, self.settlement(outcome)?)))
            .collect::<Result<_, QueueError>>()?;
        let reply = self.engine.settle(Settle { items, now: self.clock.now() }).await?;
        drop(ordered);
        reply.answer().await
    }

    /// Removes the messages that the lane has, leased ones included, in steps; those that are enqueued meanwhile stay.
    /// Gives how many there were. A caller that stops waiting, or dies, calls it again.
    ///
    /// # Errors
    /// What the engine says; some may have been removed then.
    pub async fn purge(&self, lane: &LaneName) -> Result<u64, QueueError> {
        self.clear(lane, self.engine.allocate(1)).await
    }

    /// Removes the lane: its messages, its quarantine, and what is remembered for deduplication, in steps. The caller
    /// lets nobody enqueue meanwhile; a caller that stops waiting, or dies, calls it again.
    ///
    /// # Errors
    /// What the engine says; some may have been removed then.
    pub async fn remove(&self, lane: &LaneName) -> Result<u64, QueueError> {
        let removed = self.clear(lane, Sequence(u64::MAX)).await?;
        while self.engine.forget_lane(lane.clone(), STEP).await?.answer().await?.more {}
        Ok(removed)
    }

    async fn clear(&self, lane: &LaneName, upto: Sequence) -> Result<u64, QueueError> {
        let mut removed = 0;
        loop {
            let command = Clear { lane: lane.clone(), upto, limit: STEP };
            let step = self.engine.clear(command).await?.answer().await?;
            removed += step.removed;
            if !step.more {
                return Ok(removed);
            }
        }
    }

    /// What waits in a lane, right at this moment; nothing in one that there isn't.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn counts(&self, lane: &LaneName) -> Result<Counts, QueueError> {
        Ok(self.state(lane).await?.map_or_else(Counts::default, |state| state.counts))
    }

    /// One lane, or `None` where there is none. A lane comes to be with its first message or when it is paused.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn state(&self, lane: &LaneName) -> Result<Option<LaneState>, QueueError> {
        let now = self.clock.now();
        for _ in 0..COUNTING_STEPS {
            match self.engine.lane(lane.clone(), now).await? {
                Some(view) if view.accuracy == Accuracy::NeedsTidying => {
                    let command = Tidy { lane: lane.clone(), now, limit: STEP };
                    self.engine.tidy(command).await?.answer().await?;
                }
                other => return Ok(other.map(LaneState::from)),
            }
        }
        Ok(self.engine.lane(lane.clone(), now).await?.map(LaneState::from))
    }

    /// Lanes whose names begin with `prefix`, in the order of their names, those after `after` only, at most `limit`.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn lanes(
        &self,
        prefix: &str,
        after: Option<&LaneName>,
        limit: usize,
    ) -> Result<Vec<LaneState>, QueueError> {
        let mut states = Vec::new();
        for view in self.range(prefix, after, limit, Which::All).await? {
            match view.accuracy {
                Accuracy::Exact => states.push(view.into()),
                Accuracy::NeedsTidying => states.extend(self.state(&view.lane).await?),
            }
        }
        Ok(states)
    }

    /// Lanes that run and have a message that is due, in the order of their names. A poller of many lanes begins with
    /// these, and then goes by [`Queue::arrivals_under`] and [`Queue::next_due`].
    ///
    /// # Errors
    /// What the engine says.
    pub async fn due_lanes(
        &self,
        prefix: &str,
        after: Option<&LaneName>,
        limit: usize,
    ) -> Result<Vec<LaneName>, QueueError> {
        let views = self.range(prefix, after, limit, Which::Due).await?;
        Ok(views.into_iter().map(|view| view.lane).collect())
    }

    async fn range(
        &self,
        prefix: &str,
        after: Option<&LaneName>,
        limit: usize,
        which: Which,
    ) -> Result<Vec<crate::engine::LaneView>, QueueError> {
        let (prefix, after, now) = (prefix.to_owned(), after.cloned(), self.clock.now());
        self.engine.lanes(Lanes { prefix, after, limit, which, now }).await
    }

    /// When the lane's next message is due (a time that has passed where one is ready), or the next lease ends. `None`
    /// where nothing waits, or the lane is paused.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn next_due(&self, lane: &LaneName) -> Result<Option<Timestamp>, QueueError> {
        self.engine.next_due(lane.clone()).await
    }

    /// Gives no messages of this lane until it is resumed, restarts included.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn pause(&self, lane: &LaneName) -> Result<(), QueueError> {
        self.engine.set_flow(lane.clone(), Flow::Paused).await?.answer().await
    }

    /// Gives messages of this lane again.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn resume(&self, lane: &LaneName) -> Result<(), QueueError> {
        self.engine.set_flow(lane.clone(), Flow::Running).await?.answer().await
    }

    /// Messages of a lane as an operator sees them, without bodies: the ready ones first.
    ///
    /// # Errors
    /// [`QueueError::Number`], and what the engine says.
    pub async fn peek(&self, lane: &LaneName, limit: usize) -> Result<Vec<Peeked>, QueueError> {
        check_number(limit)?;
        self.engine.peek(lane.clone(), limit).await
    }

    /// Messages of a lane that were set aside because they could not be opened.
    ///
    /// # Errors
    /// [`QueueError::Number`], and what the engine says.
    pub async fn quarantined(&self, lane: &LaneName, limit: usize) -> Result<Vec<Quarantined>, QueueError> {
        check_number(limit)?;
        self.engine.quarantined(lane.clone(), limit).await
    }

    /// Wakes who waits for messages of this lane.
    pub fn arrivals(&self, lane: &LaneName) -> Arrivals {
        self.waiters.lane(lane)
    }

    /// Wakes a poller of all lanes whose names begin with `prefix`.
    pub fn arrivals_under(&self, prefix: &str) -> LaneArrivals {
        self.waiters.prefix(prefix)
    }

    /// Removes what has expired and forgets keys whose time is over, in at most `steps` steps, so that lanes that nobody
    /// looks at don't fill the disk. To be called now and then.
    ///
    /// # Errors
    /// What the engine says; some may have been removed then.
    pub async fn sweep(&self, steps: usize) -> Result<Swept, QueueError> {
        let now = self.clock.now();
        let mut swept = Swept::default();
        let mut left = steps;
        while left > 0 {
            let step = self.engine.forget_keys(now, STEP).await?.answer().await?;
            (swept.forgotten, left) = (swept.forgotten + step.removed, left - 1);
            if !step.more {
                break;
            }
        }
        while left > 0 {
            let Some(view) = self.range("", None, 1, Which::Expired).await?.pop() else { break };
            let command = Tidy { lane: view.lane, now, limit: STEP };
            swept.expired += self.engine.tidy(command).await?.answer().await?.expired;
            left -= 1;
        }
        Ok(swept)
    }

    fn seal(&self, lane: &LaneName, messages: &[NewMessage]) -> Result<Vec<NewRow>, QueueError> {
        let first = self.engine.allocate(messages.len()).0;
        let numbered = (first..).map(Sequence).zip(messages);
        numbered.map(|(sequence, message)| self.seal_one(lane, sequence, message)).collect()
    }

    fn seal_one(
        &self,
        lane: &LaneName,
        sequence: Sequence,
        message: &NewMessage,
    ) -> Result<NewRow, QueueError> {
        let print = |of, value: &str| sealing::fingerprint(&self.sealer, lane, of, value);
        Ok(NewRow {
            sequence,
            sealed: sealing::seal(&self.sealer, lane, sequence, message)?,
            due: message.due,
            expires: message.expires,
            group: message.group.as_deref().map(|group| print("queue group", group)),
            deduplicate: message.deduplicate.as_ref().map(|one| (print("queue key", &one.key), one.until)),
        })
    }

    fn settlement(&self, outcome: Outcome) -> Result<Settlement, QueueError> {
        Ok(match outcome {
            Outcome::Done => Settlement::Done,
            Outcome::Retry { due } => Settlement::Retry { due },
            Outcome::Extend { until } => Settlement::Extend { until },
            Outcome::Forward { to, messages } => {
                let rows = self.seal(&to, &messages)?;
                Settlement::Forward { to, rows }
            }
        })
    }

    /// The message, or what to set aside and why.
    fn open_row(&self, lane: &LaneName, row: TakenRow) -> Result<Taken, (LeaseToken, String)> {
        let TakenRow { lease, sealed, attempts, first_taken, enqueued, expires } = row;
        match sealing::open(&self.sealer, lane, lease.sequence, sealed) {
            Ok(sealing::Opened { body, attributes, group }) => {
                Ok(Taken { lease, body, attributes, attempts, first_taken, enqueued, expires, group })
            }
            Err(damage) => {
                tracing::error!(%lane, sequence = lease.sequence.0, %damage, "a message can't be opened and is set aside");
                Err((lease, damage.to_string()))
            }
        }
    }
}

fn check_number(count: usize) -> Result<(), QueueError> {
    if (1..=MAX_TOGETHER).contains(&count) { Ok(()) } else { Err(QueueError::Number(count)) }
}

fn check(lane: &LaneName, messages: &[NewMessage]) -> Result<(), QueueError> {
    let mut together = 0;
    for message in messages {
        let group = message.group.as_ref().map_or(0, String::len);
        let bytes = message.body.len() + message.attributes.len() + group;
        together += bytes;
        match (lane.kind(), &message.group) {
            _ if bytes > MAX_MESSAGE_BYTES => return Err(QueueError::TooLong(bytes)),
            (LaneKind::Fifo, None) => return Err(QueueError::NoGroup),
            (LaneKind::Standard, Some(_)) => return Err(QueueError::Group),
            _ => {}
        }
    }
    if together > MAX_TOGETHER_BYTES { Err(QueueError::TooMuch(together)) } else { Ok(()) }
}
