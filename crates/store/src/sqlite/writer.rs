//! The one thread that writes.
//!
//! ```text
//! wait for a batch ─► take what else is queued, up to 64 ─► BEGIN ─► each: SAVEPOINT, apply, RELEASE (or roll back)
//!        ▲                                                                  │
//!        │                                            ┌── SQLite failed ◄───┤
//!        │                                            ▼                     ▼
//!        └── answer all: the group's failure ◄── ROLLBACK ◄── failed ─── COMMIT (one fsync)
//!        └── show changes, then answer each ◄────────────────────────────── ok
//! ```
//! After a failed fsync nothing is accepted any more: what is on disk is unknown until the database is opened again.

use super::apply::{Refusal, apply};
use super::failure::{doing, is_failed_sync};
use crate::engine::{Batch, Observer};
use crate::{Change, Revision, StoreError};
use rusqlite::Connection;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Batches that one fsync makes durable.
const GROUP: usize = 64;
/// Batches that wait for the writer; further commits wait to be queued.
const QUEUE: usize = 128;

struct Job {
    batch: Batch,
    answer: oneshot::Sender<Result<Revision, StoreError>>,
}

/// The way to the writing thread. When it is dropped, what is queued is still carried out, and the drop waits for it.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, observer: Observer) -> Result<Self, StoreError> {
        let last = connection
            .query_row("SELECT last FROM commits", [], |row| row.get::<_, i64>(0))
            .map_err(doing("read the last commit's number"))?;
        let last = Revision(last.unsigned_abs());
        let (jobs, queue) = mpsc::channel(QUEUE);
        let loop_ = Loop { connection, observer, last, unsafe_to_go_on: false };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || loop_.run(queue))
            .map_err(StoreError::io("start a thread for", std::path::Path::new("lambent.db")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<Revision, StoreError> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { batch, answer }).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // A subscriber may hold the last reference to the store: the writer can't wait for itself.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

struct Loop {
    connection: Connection,
    observer: Observer,
    last: Revision,
    unsafe_to_go_on: bool,
}

type Applied = Result<(Revision, Vec<Change>), StoreError>;

impl Loop {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP);
        while queue.blocking_recv_many(&mut group, GROUP) > 0 {
            let (batches, answers): (Vec<_>, Vec<_>) = group.drain(..).map(|j| (j.batch, j.answer)).unzip();
            let results = self.carry_out(batches);
            for (answer, result) in answers.into_iter().zip(results) {
                // Nobody may be waiting any more; the commit stands all the same.
                let _ = answer.send(result);
            }
        }
    }

    /// Commits a group and gives the answer to each. What the batches hold is let go when they are decided.
    fn carry_out(&mut self, mut batches: Vec<Batch>) -> Vec<Result<Revision, StoreError>> {
        if self.unsafe_to_go_on {
            return batches.iter().map(|_| Err(StoreError::Unsafe)).collect();
        }
        let applied = match self.commit(&mut batches) {
            Ok(applied) => applied,
            Err(error) => {
                self.give_up(&error);
                return batches.iter().map(|_| Err(Refusal::of_group(&error))).collect();
            }
        };
        let show = |result: Applied| {
            let (number, changes) = result?;
            self.last = number;
            changes.iter().for_each(|change| (self.observer)(change));
            Ok(number)
        };
        applied.into_iter().map(show).collect()
    }

    fn commit(&self, batches: &mut [Batch]) -> rusqlite::Result<Vec<Applied>> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut number = self.last;
        let mut applied = Vec::with_capacity(batches.len());
        for batch in batches {
            let next = Revision(number.0 + 1);
            let result = self.apply_apart(next, batch)?;
            if result.is_ok() {
                number = next;
            }
            applied.push(result);
        }
        self.connection.prepare_cached("UPDATE commits SET last = ?1")?.execute([number.0.cast_signed()])?;
        self.connection.execute_batch("COMMIT")?;
        Ok(applied)
    }

    /// Applies one batch so that its refusal undoes it alone. An error of SQLite is the whole group's.
    fn apply_apart(&self, number: Revision, batch: &mut Batch) -> rusqlite::Result<Applied> {
        self.connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
        let result = match apply(&self.connection, number, batch) {
            Ok(changes) => Ok((number, changes)),
            Err(Refusal::Own(error)) => {
                self.connection.prepare_cached("ROLLBACK TO batch")?.execute([])?;
                Err(error)
            }
            Err(Refusal::Database(error)) => return Err(error),
        };
        self.connection.prepare_cached("RELEASE batch")?.execute([])?;
        Ok(result)
    }

    fn give_up(&mut self, error: &rusqlite::Error) {
        tracing::error!(%error, "a group of commits failed and was rolled back");
        let rolled_back =
            self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok();
        self.unsafe_to_go_on = is_failed_sync(error) || !rolled_back;
    }
}
