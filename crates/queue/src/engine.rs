//! What the queue needs below its sealing: rows of sealed bytes, times and numbers.
//!
//! The contract that every engine fulfils:
//! * What is answered is durable (it survives a power cut). A command is applied whole or not at all.
//! * A command that was **handed over** is carried out even if nobody waits for its answer; commands are carried out in
//!   the order in which they were handed over.
//! * Sequences grow and are never used twice among rows that were ever durable, restarts included.
//! * The observer hears of a lane after each commit that may let one of its messages be taken, or be due sooner.
//! * A step that may concern many rows takes a limit and says whether there is more.
//! * Memory and queues are bounded; a full queue makes handing over wait.

use crate::{
    Counts, Enqueued, Flow, LaneName, LaneState, LeaseToken, Peeked, Quarantined, QueueError, Sequence,
    Settled, TakeOptions,
};
use tokio::sync::oneshot;
use types::{BoxFuture, Timestamp};

/// Hears which lanes to look at, on the engine's own thread; it must be quick and must not wait for the engine.
pub type Observer = Box<dyn Fn(&LaneName) + Send>;

/// The first wait is for a place in the line of commands, the second (on the [`Reply`]) for the answer.
pub type HandedOver<'a, T> = BoxFuture<'a, Result<Reply<T>, QueueError>>;

/// The answer to a command that was handed over.
pub struct Reply<T>(oneshot::Receiver<Result<T, QueueError>>);

impl<T> Reply<T> {
    /// A reply and where its answer goes.
    pub fn new() -> (oneshot::Sender<Result<T, QueueError>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn answer(self) -> Result<T, QueueError> {
        self.0.await.map_err(|_| QueueError::Database(sqlite::DatabaseError::Closed))?
    }
}

/// Keeps rows. See the module for what an implementation promises.
pub trait Engine: Send + Sync + 'static {
    /// The first of `count` sequences that are the caller's now.
    fn allocate(&self, count: usize) -> Sequence;
    /// Adds rows to a lane; an answer for each.
    fn enqueue(&self, command: Enqueue) -> HandedOver<'_, Vec<Enqueued>>;
    /// Leases the rows that come first.
    fn take(&self, command: Take) -> HandedOver<'_, Vec<TakenRow>>;
    /// Settles rows; an answer for each.
    fn settle(&self, command: Settle) -> HandedOver<'_, Vec<Settled>>;
    /// Pauses or resumes a lane, which is made where there is none.
    fn set_flow(&self, lane: LaneName, flow: Flow) -> HandedOver<'_, ()>;
    /// Sets rows aside that their taker could not open. Stale tokens are passed over.
    fn quarantine(&self, command: Quarantine) -> HandedOver<'_, ()>;
    /// Removes rows of a lane.
    fn clear(&self, command: Clear) -> HandedOver<'_, Step>;
    /// Removes a lane that has no rows, with all that is remembered of it; does nothing to one that has.
    fn forget_lane(&self, lane: LaneName, limit: usize) -> HandedOver<'_, Step>;
    /// Counts what came to be due as ready, and removes what has expired.
    fn tidy(&self, command: Tidy) -> HandedOver<'_, Tidied>;
    /// Forgets deduplication keys whose time is over.
    fn forget_keys(&self, now: Timestamp, limit: usize) -> HandedOver<'_, Step>;

    /// One lane as it stands, or `None` where there is none.
    fn lane(&self, lane: LaneName, now: Timestamp) -> BoxFuture<'_, Result<Option<LaneView>, QueueError>>;
    /// Lanes in the order of their names.
    fn lanes(&self, range: Lanes) -> BoxFuture<'_, Result<Vec<LaneView>, QueueError>>;
    /// When the next row of a lane is due or the next lease lapses; a time that has passed where one is ready.
    fn next_due(&self, lane: LaneName) -> BoxFuture<'_, Result<Option<Timestamp>, QueueError>>;
    /// Rows of a lane without their bytes: the ready ones first, each kind in the order in which it is due.
    fn peek(&self, lane: LaneName, limit: usize) -> BoxFuture<'_, Result<Vec<Peeked>, QueueError>>;
    /// Rows of a lane that were set aside, in the order of their sequences.
    fn quarantined(
        &self,
        lane: LaneName,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Quarantined>, QueueError>>;
}

/// A message as the engine keeps it.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// From [`Engine::allocate`].
    pub sequence: Sequence,
    /// Its bytes.
    pub sealed: Vec<u8>,
    /// Not given before.
    pub due: Timestamp,
    /// Never given from then on.
    pub expires: Option<Timestamp>,
    /// Stands for its group.
    pub group: Option<[u8; 16]>,
    /// Stands for its key, which is remembered until then.
    pub deduplicate: Option<([u8; 16], Timestamp)>,
}

/// See [`Engine::enqueue`].
#[derive(Debug, Clone)]
pub struct Enqueue {
    /// The lane.
    pub lane: LaneName,
    /// The rows.
    pub rows: Vec<NewRow>,
    /// The caller's time.
    pub now: Timestamp,
}

/// See [`Engine::take`].
#[derive(Debug, Clone)]
pub struct Take {
    /// The lane.
    pub lane: LaneName,
    /// How.
    pub options: TakeOptions,
    /// The caller's time.
    pub now: Timestamp,
}

/// A leased row.
#[derive(Debug, Clone)]
pub struct TakenRow {
    /// Its token.
    pub lease: LeaseToken,
    /// Its bytes; `None` where they are gone.
    pub sealed: Option<Vec<u8>>,
    /// Times it was taken, this time included.
    pub attempts: u32,
    /// When it was taken first.
    pub first_taken: Timestamp,
    /// When it was enqueued.
    pub enqueued: Timestamp,
    /// When it expires.
    pub expires: Option<Timestamp>,
}

/// See [`Engine::settle`].
#[derive(Debug, Clone)]
pub struct Settle {
    /// Tokens and what becomes of their rows.
    pub items: Vec<(LeaseToken, Settlement)>,
    /// The caller's time.
    pub now: Timestamp,
}

/// An [`crate::Outcome`] with what is enqueued elsewhere sealed.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// Removed.
    Done,
    /// Back to its lane.
    Retry {
        /// Not given before.
        due: Timestamp,
    },
    /// Leased until then.
    Extend {
        /// The lease's new end.
        until: Timestamp,
    },
    /// Removed, and these enqueued.
    Forward {
        /// Where.
        to: LaneName,
        /// What.
        rows: Vec<NewRow>,
    },
}

/// See [`Engine::quarantine`].
#[derive(Debug, Clone)]
pub struct Quarantine {
    /// Tokens, and why each could not be opened.
    pub rows: Vec<(LeaseToken, String)>,
    /// The caller's time.
    pub now: Timestamp,
}

/// See [`Engine::clear`].
#[derive(Debug, Clone)]
pub struct Clear {
    /// The lane.
    pub lane: LaneName,
    /// Rows up to this one.
    pub upto: Sequence,
    /// At most so many.
    pub limit: usize,
}

/// See [`Engine::tidy`].
#[derive(Debug, Clone)]
pub struct Tidy {
    /// The lane.
    pub lane: LaneName,
    /// The caller's time.
    pub now: Timestamp,
    /// At most so many rows of each kind.
    pub limit: usize,
}

/// What a bounded step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Rows that it removed.
    pub removed: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// What [`Engine::tidy`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tidied {
    /// Rows that had expired.
    pub expired: u64,
    /// Whether there may be more of either kind.
    pub more: bool,
}

/// Which lanes.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// The beginning of their names.
    pub prefix: String,
    /// Only those after this one.
    pub after: Option<LaneName>,
    /// At most so many.
    pub limit: usize,
    /// Which of them.
    pub which: Which,
    /// The caller's time.
    pub now: Timestamp,
}

/// Which lanes of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Each.
    All,
    /// Those that run and have a row that is due.
    Due,
    /// Those with rows that have expired.
    Expired,
}

/// A lane as the engine keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneView {
    /// Its name.
    pub lane: LaneName,
    /// Whether it gives rows.
    pub flow: Flow,
    /// What waits in it.
    pub counts: Counts,
    /// Whether the counts are those of this moment.
    pub accuracy: Accuracy,
}

impl From<LaneView> for LaneState {
    fn from(view: LaneView) -> Self {
        Self { lane: view.lane, flow: view.flow, counts: view.counts }
    }
}

/// Whether a lane's counts hold for the caller's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accuracy {
    /// They do.
    Exact,
    /// Rows came to be due or expired since they were counted: [`Engine::tidy`] first.
    NeedsTidying,
}
