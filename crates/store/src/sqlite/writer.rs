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

#[cfg(test)]
mod tests {
    use super::super::schema::{Access, connect, migrate};
    use super::*;
    use crate::Key;
    use crate::engine::{Expect, Operation};
    use rusqlite::ffi;
    use std::sync::{Arc, Mutex};
    use tempfile::TempDir;

    struct Bench {
        _dir: TempDir,
        writer: Loop,
        seen: Arc<Mutex<Vec<Change>>>,
    }

    fn bench() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lambent.db");
        std::fs::write(&path, "").unwrap();
        let mut connection = connect(&path, Access::Write).unwrap();
        migrate(&mut connection).unwrap();
        let seen: Arc<Mutex<Vec<Change>>> = Arc::default();
        let observer: Observer = {
            let seen = Arc::clone(&seen);
            Box::new(move |change| seen.lock().unwrap().push(change.clone()))
        };
        let writer = Loop { connection, observer, last: Revision(0), unsafe_to_go_on: false };
        Bench { _dir: dir, writer, seen }
    }

    fn insert(name: &str, bytes: usize) -> Batch {
        let (key, value) = (Key::of([name]).unwrap(), vec![7; bytes]);
        let write = Operation::Write { table: "t", key, expect: Expect::Absent, value };
        Batch { operations: vec![write], held: Vec::new() }
    }

    fn names(writer: &Loop) -> Vec<String> {
        let mut statement = writer.connection.prepare("SELECT key FROM records ORDER BY key").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_group_that_fails_fails_for_each_of_its_batches() {
        let Bench { _dir, mut writer, seen } = bench();
        let before = writer.carry_out(vec![insert("a", 10)]);
        assert!(matches!(before[..], [Ok(Revision(1))]));
        writer.connection.pragma_update(None, "max_page_count", 40).unwrap();

        // The second would have been a conflict, judged by a state that never came to be durable.
        let group = vec![insert("b", 10), insert("b", 10), insert("c", 1 << 20), insert("d", 10)];
        let answers = writer.carry_out(group);
        assert_eq!(answers.len(), 4);
        assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Full))), "{answers:?}");
        assert_eq!(names(&writer), ["a"]);
        assert_eq!(seen.lock().unwrap().len(), 1, "nobody hears of what was rolled back");

        writer.connection.pragma_update(None, "max_page_count", 100_000).unwrap();
        let after = writer.carry_out(vec![insert("b", 10), insert("b", 10), insert("c", 1 << 20)]);
        assert!(
            matches!(after[..], [Ok(Revision(2)), Err(StoreError::Conflict { .. }), Ok(Revision(3))]),
            "{after:?}"
        );
        assert_eq!(names(&writer), ["a", "b", "c"]);
    }

    #[test]
    fn an_entry_that_can_not_be_made_fails_its_batch_alone() {
        let Bench { _dir, mut writer, .. } = bench();
        let fails = || Operation::Append {
            log: "log",
            entry: Box::new(|_| Err(seal::SealError::Library { doing: "encrypt" })),
        };
        let mut second = insert("b", 10);
        second.operations.push(fails());
        let answers = writer.carry_out(vec![insert("a", 10), second, insert("c", 10)]);
        assert!(
            matches!(answers[..], [Ok(Revision(1)), Err(StoreError::Seal(_)), Ok(Revision(2))]),
            "{answers:?}"
        );
        assert_eq!(names(&writer), ["a", "c"]);
    }

    #[test]
    fn after_a_failed_sync_nothing_is_accepted() {
        let Bench { _dir, mut writer, .. } = bench();
        let failed = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), None);
        writer.give_up(&failed);
        let answers = writer.carry_out(vec![insert("a", 10), insert("b", 10)]);
        assert!(matches!(answers[..], [Err(StoreError::Unsafe), Err(StoreError::Unsafe)]));
        assert!(names(&writer).is_empty());
    }

    #[test]
    fn what_a_batch_holds_is_let_go_when_it_is_decided() {
        let Bench { _dir, mut writer, .. } = bench();
        let held = Arc::new(());
        let batch = || Batch { held: vec![Box::new(Arc::clone(&held))], ..insert("a", 10) };
        let answers = writer.carry_out(vec![batch(), batch()]);
        assert!(matches!(answers[..], [Ok(_), Err(_)]));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
