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
use crate::engine::{Batch, Observer};
use crate::{Change, Revision, StoreError};
use rusqlite::Connection;
use sqlite::{Durable, GroupError, doing};
use tokio::sync::oneshot;

/// Batches that one fsync makes durable.
const GROUP: usize = 64;
/// Batches that wait for the writer; further commits wait to be queued.
const QUEUE: usize = 128;

struct Job {
    batch: Batch,
    answer: oneshot::Sender<Result<Revision, StoreError>>,
}

/// The way to the writing thread. When it is dropped, what is queued is still carried out, and the drop waits for it.
pub(super) struct Writer(sqlite::Writer<Job>);

impl Writer {
    pub(super) fn start(connection: Connection, observer: Observer) -> Result<Self, StoreError> {
        let last = connection
            .query_row("SELECT last FROM commits", [], |row| row.get::<_, i64>(0))
            .map_err(doing("read the last commit's number"))?;
        let last = Revision(last.unsigned_abs());
        let mut committer = Committer { database: Durable::new(connection), observer, last };
        let carry_out = move |group: Vec<Job>| {
            let (batches, answers): (Vec<_>, Vec<_>) = group.into_iter().map(|j| (j.batch, j.answer)).unzip();
            let results = committer.carry_out(batches);
            for (answer, result) in answers.into_iter().zip(results) {
                // Nobody may be waiting any more; the commit stands all the same.
                let _ = answer.send(result);
            }
        };
        Ok(Self(sqlite::Writer::start("store-writer", QUEUE, GROUP, carry_out)?))
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<Revision, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Job { batch, answer }).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

struct Committer {
    database: Durable,
    observer: Observer,
    last: Revision,
}

type Applied = Result<(Revision, Vec<Change>), StoreError>;

impl Committer {
    /// Commits a group and gives the answer to each. What the batches hold is let go when they are decided.
    fn carry_out(&mut self, mut batches: Vec<Batch>) -> Vec<Result<Revision, StoreError>> {
        let applied = match self.commit(&mut batches) {
            Ok(applied) => applied,
            Err(error) => return batches.iter().map(|_| Err(error.meaning().into())).collect(),
        };
        let show = |result: Applied| {
            let (number, changes) = result?;
            self.last = number;
            changes.iter().for_each(|change| (self.observer)(change));
            Ok(number)
        };
        applied.into_iter().map(show).collect()
    }

    fn commit(&mut self, batches: &mut [Batch]) -> Result<Vec<Applied>, GroupError> {
        let mut number = self.last;
        self.database.commit(|connection| {
            let mut applied = Vec::with_capacity(batches.len());
            for batch in batches {
                let next = Revision(number.0 + 1);
                let result = apply_apart(connection, next, batch)?;
                if result.is_ok() {
                    number = next;
                }
                applied.push(result);
            }
            connection.prepare_cached("UPDATE commits SET last = ?1")?.execute([number.0.cast_signed()])?;
            Ok(applied)
        })
    }
}

/// Applies one batch so that its refusal undoes it alone. An error of SQLite is the whole group's.
fn apply_apart(connection: &Connection, number: Revision, batch: &mut Batch) -> rusqlite::Result<Applied> {
    connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
    let result = match apply(connection, number, batch) {
        Ok(changes) => Ok((number, changes)),
        Err(Refusal::Own(error)) => {
            connection.prepare_cached("ROLLBACK TO batch")?.execute([])?;
            Err(error)
        }
        Err(Refusal::Database(error)) => return Err(error),
    };
    connection.prepare_cached("RELEASE batch")?.execute([])?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::super::schema::STEPS;
    use super::*;
    use crate::Key;
    use crate::engine::{Expect, Operation};
    use sqlite::{Access, connect, make_file, migrate};
    use std::sync::{Arc, Mutex};
    use tempfile::TempDir;

    struct Bench {
        _dir: TempDir,
        writer: Committer,
        seen: Arc<Mutex<Vec<Change>>>,
    }

    fn bench() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lambent.db");
        make_file(&path).unwrap();
        let mut connection = connect(&path, Access::Write).unwrap();
        migrate(&mut connection, STEPS).unwrap();
        let seen: Arc<Mutex<Vec<Change>>> = Arc::default();
        let observer: Observer = {
            let seen = Arc::clone(&seen);
            Box::new(move |change| seen.lock().unwrap().push(change.clone()))
        };
        let writer = Committer { database: Durable::new(connection), observer, last: Revision(0) };
        Bench { _dir: dir, writer, seen }
    }

    fn insert(name: &str, bytes: usize) -> Batch {
        let (key, value) = (Key::of([name]).unwrap(), vec![7; bytes]);
        let write = Operation::Write { table: "t", key, expect: Expect::Absent, value };
        Batch { operations: vec![write], held: Vec::new() }
    }

    fn names(writer: &Committer) -> Vec<String> {
        let mut statement =
            writer.database.connection().prepare("SELECT key FROM records ORDER BY key").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_group_that_fails_fails_for_each_of_its_batches() {
        let Bench { _dir, mut writer, seen } = bench();
        let before = writer.carry_out(vec![insert("a", 10)]);
        assert!(matches!(before[..], [Ok(Revision(1))]));
        writer.database.connection().pragma_update(None, "max_page_count", 40).unwrap();

        // The second would have been a conflict, judged by a state that never came to be durable.
        let group = vec![insert("b", 10), insert("b", 10), insert("c", 1 << 20), insert("d", 10)];
        let answers = writer.carry_out(group);
        assert_eq!(answers.len(), 4);
        assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Full))), "{answers:?}");
        assert_eq!(names(&writer), ["a"]);
        assert_eq!(seen.lock().unwrap().len(), 1, "nobody hears of what was rolled back");

        writer.database.connection().pragma_update(None, "max_page_count", 100_000).unwrap();
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
    fn what_a_batch_holds_is_let_go_when_it_is_decided() {
        let Bench { _dir, mut writer, .. } = bench();
        let held = Arc::new(());
        let batch = || Batch { held: vec![Box::new(Arc::clone(&held))], ..insert("a", 10) };
        let answers = writer.carry_out(vec![batch(), batch()]);
        assert!(matches!(answers[..], [Ok(_), Err(_)]));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
