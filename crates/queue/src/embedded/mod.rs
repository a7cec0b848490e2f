//! The embedded engine: `queue.db`, one SQLite file in WAL mode with full synchronisation.
//!
//! One thread writes. It takes what is queued, up to a group, into one transaction, and makes all of it durable with one
//! fsync; each command is a file beside this one. Reads run beside it on read-only connections.
//!
//! Invariants: an answer leaves the writer only after the transaction that it speaks of was committed or rolled back. A
//! lane's counts are changed in the transaction that changes its rows.

mod enqueue;
mod groups;
mod ledger;
#[cfg(test)]
mod plans;
mod read;
mod remove;
mod row;
mod schema;
mod settle;
mod step;
mod take;
mod tidy;
mod writer;

use crate::engine::{
    Clear, Engine, Enqueue, HandedOver, LaneView, Lanes, Observer, Quarantine, Reply, Settle, Step, Take,
    TakenRow, Tidied, Tidy,
};
use crate::{Enqueued, Flow, LaneName, Peeked, Quarantined, QueueError, Sequence, Settled};
use remove::ForgetLane;
use rusqlite::Connection;
use seal::KeyId;
use sqlite::{Access, DatabaseError, Durable, Readers, Writer};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use step::{Apply, Pending};
use tidy::{ForgetKeys, SetFlow};
use tokio::sync::Semaphore;
use types::{BoxFuture, Timestamp};
use writer::Committer;
pub use writer::{Moment, Watch};

/// Commands that one fsync makes durable.
const GROUP: usize = 128;
/// Commands that wait for the writer; further ones wait to be handed over.
const WAITING: usize = 256;
/// Kilobytes that these commands may hold together.
const WAITING_KB: usize = 32 << 10;
/// More prepared statements than there are.
const STATEMENTS: usize = 64;
/// Pages of the WAL after which it is copied into the database: as many as are kept of its file.
const CHECKPOINT_PAGES: u32 = 4000;

/// Kilobytes of pages that the writer keeps once it has used them: a group's own pages and the ends of the indexes, so
/// that neither is written twice nor read again.
const CACHE_KB: i32 = 4 << 10;

/// SQLite behind the engine's contract.
pub struct SqliteEngine {
    writer: Writer<Box<dyn step::Step>>,
    readers: Readers,
    next: AtomicU64,
    room: Arc<Semaphore>,
}

/// How to open the embedded engine.
pub struct Options {
    /// The most pages (of 4096 bytes) that the file may have; beyond them the disk counts as full.
    pub max_pages: Option<u32>,
    /// Hears of the moments at which a process may die.
    pub watch: Watch,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_pages: None, watch: Box::new(|_| ()) }
    }
}

impl SqliteEngine {
    /// Opens the database file, which is made where there is none, for data under this root key.
    ///
    /// # Errors
    /// [`DatabaseError::WrongRootKey`], [`DatabaseError::NewerSchema`], and what SQLite says.
    pub fn open(path: &Path, key_id: KeyId, observer: Observer) -> Result<Self, QueueError> {
        Self::open_with(path, key_id, observer, Options::default())
    }

    /// The same, with options.
    ///
    /// # Errors
    /// As for [`SqliteEngine::open`].
    pub fn open_with(
        path: &Path,
        key_id: KeyId,
        observer: Observer,
        options: Options,
    ) -> Result<Self, QueueError> {
        sqlite::make_file(path)?;
        let mut connection = sqlite::connect(path, Access::Write)?;
        sqlite::migrate(&mut connection, schema::STEPS)?;
        sqlite::check_key(&connection, key_id)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let reserved =
            prepare(&connection, options.max_pages).map_err(sqlite::doing("read the last sequence"))?;
        let mut committer = Committer::new(Durable::new(connection), observer, options.watch, reserved);
        let writer = Writer::start("queue-writer", WAITING, GROUP, move |group| committer.carry_out(group))?;
        let room = Arc::new(Semaphore::new(WAITING_KB));
        Ok(Self { writer, readers: Readers::new(path), next: AtomicU64::new(reserved + 1), room })
    }

    /// Puts a command in line.
    fn hand_over<C: Apply>(&self, command: C) -> HandedOver<'_, C::Output> {
        Box::pin(async move {
            let closed = |_| DatabaseError::Closed;
            // A command of any size fits: one that is larger than the room waits until it is alone.
            let kb = (command.weight() / 1024 + 1).min(WAITING_KB);
            let kb = u32::try_from(kb).unwrap_or(u32::MAX);
            let room = Arc::clone(&self.room).acquire_many_owned(kb).await.map_err(closed)?;
            let (answer, reply) = Reply::new();
            let pending = Pending { command, output: None, answer, _room: room };
            self.writer.send(Box::new(pending)).await?;
            Ok(reply)
        })
    }

    fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, QueueError>> {
        let read = move |connection: &Connection| read(connection).map_err(|e| sqlite::doing(what)(e).into());
        Box::pin(self.readers.run(read))
    }
}

/// Sets what only the writing connection needs, and gives the last sequence that may have been used.
fn prepare(connection: &Connection, max_pages: Option<u32>) -> rusqlite::Result<u64> {
    if let Some(pages) = max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KB)?;
    let reserved: i64 = connection.query_row("SELECT reserved FROM sequences", [], |row| row.get(0))?;
    Ok(reserved.unsigned_abs())
}

impl Engine for SqliteEngine {
    fn allocate(&self, count: usize) -> Sequence {
        Sequence(self.next.fetch_add(count as u64, Ordering::Relaxed))
    }

    fn enqueue(&self, command: Enqueue) -> HandedOver<'_, Vec<Enqueued>> {
        self.hand_over(command)
    }

    fn take(&self, command: Take) -> HandedOver<'_, Vec<TakenRow>> {
        self.hand_over(command)
    }

    fn settle(&self, command: Settle) -> HandedOver<'_, Vec<Settled>> {
        self.hand_over(command)
    }

    fn set_flow(&self, lane: LaneName, flow: Flow) -> HandedOver<'_, ()> {
        self.hand_over(SetFlow { lane, flow })
    }

    fn quarantine(&self, command: Quarantine) -> HandedOver<'_, ()> {
        self.hand_over(command)
    }

    fn clear(&self, command: Clear) -> HandedOver<'_, Step> {
        self.hand_over(command)
    }

    fn forget_lane(&self, lane: LaneName, limit: usize) -> HandedOver<'_, Step> {
        self.hand_over(ForgetLane { lane, limit })
    }

    fn tidy(&self, command: Tidy) -> HandedOver<'_, Tidied> {
        self.hand_over(command)
    }

    fn forget_keys(&self, now: Timestamp, limit: usize) -> HandedOver<'_, Step> {
        self.hand_over(ForgetKeys { now, limit })
    }

    fn lane(&self, lane: LaneName, now: Timestamp) -> BoxFuture<'_, Result<Option<LaneView>, QueueError>> {
        self.read("read a lane", move |connection| read::lane(connection, &lane, now))
    }

    fn lanes(&self, range: Lanes) -> BoxFuture<'_, Result<Vec<LaneView>, QueueError>> {
        self.read("list lanes", move |connection| read::lanes(connection, &range))
    }

    fn next_due(&self, lane: LaneName) -> BoxFuture<'_, Result<Option<Timestamp>, QueueError>> {
        self.read("look at a lane", move |connection| read::next_due(connection, &lane))
    }

    fn peek(&self, lane: LaneName, limit: usize) -> BoxFuture<'_, Result<Vec<Peeked>, QueueError>> {
        self.read("look at messages", move |connection| read::peek(connection, &lane, limit))
    }

    fn quarantined(
        &self,
        lane: LaneName,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Quarantined>, QueueError>> {
        self.read("look at the quarantine", move |connection| read::quarantined(connection, &lane, limit))
    }
}
