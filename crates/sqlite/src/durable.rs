//! One writing connection: work is committed with one fsync, or it is as if it had never begun.

use crate::DatabaseError;
use crate::error::is_failed_sync;
use rusqlite::Connection;

/// The connection that writes. After a failed fsync, or where a transaction could not be rolled back, it refuses:
/// what is on disk is unknown until the file is opened again.
pub struct Durable {
    connection: Connection,
    unsafe_to_go_on: bool,
}

/// Why a group of changes was not committed. Each of those who wait for it gets its [`GroupError::meaning`].
#[derive(Debug)]
pub enum GroupError {
    /// Nothing was tried, after an earlier failure.
    Unsafe,
    /// SQLite failed, and the group was rolled back.
    Failed(rusqlite::Error),
}

impl GroupError {
    /// The error for one of those who wait.
    pub fn meaning(&self) -> DatabaseError {
        match self {
            Self::Unsafe => DatabaseError::Unsafe,
            Self::Failed(error) if is_failed_sync(error) => DatabaseError::Unsafe,
            Self::Failed(error) => DatabaseError::meaning("commit", error),
        }
    }

    /// Whether there was no room.
    pub fn is_full(&self) -> bool {
        matches!(self.meaning(), DatabaseError::Full)
    }
}

impl Durable {
    /// Over the file's one writing connection.
    pub fn new(connection: Connection) -> Self {
        Self { connection, unsafe_to_go_on: false }
    }

    /// The connection, for reading between commits.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Does the work in one transaction and makes it durable. A transaction that wrote nothing costs no fsync.
    ///
    /// # Errors
    /// [`GroupError`]; the work left no trace, except where [`DatabaseError::Unsafe`] is its meaning.
    pub fn commit<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, GroupError> {
        if self.unsafe_to_go_on {
            return Err(GroupError::Unsafe);
        }
        let done = self.transact(work);
        done.map_err(|error| {
            self.give_up(&error);
            GroupError::Failed(error)
        })
    }

    fn transact<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let done = work(&self.connection)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
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
    use super::*;
    use rusqlite::ffi;

    fn durable() -> Durable {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        Durable::new(connection)
    }

    fn insert(connection: &Connection) -> rusqlite::Result<usize> {
        connection.execute("INSERT INTO t VALUES (1)", [])
    }

    fn rows(durable: &Durable) -> u32 {
        durable.connection().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    fn failing(code: i32) -> impl FnOnce(&Connection) -> rusqlite::Result<()> {
        move |connection| {
            insert(connection)?;
            Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
        }
    }

    #[test]
    fn work_that_fails_leaves_no_trace_and_the_next_is_done() {
        let mut durable = durable();
        let error = durable.commit(failing(ffi::SQLITE_FULL)).unwrap_err();
        assert!(error.is_full());
        assert_eq!(rows(&durable), 0);
        durable.commit(insert).unwrap();
        assert_eq!(rows(&durable), 1);
    }

    #[test]
    fn after_a_failed_sync_nothing_is_accepted() {
        let mut durable = durable();
        let error = durable.commit(failing(ffi::SQLITE_IOERR_FSYNC)).unwrap_err();
        assert!(matches!(error.meaning(), DatabaseError::Unsafe));
        let error = durable.commit(insert).unwrap_err();
        assert!(matches!(error, GroupError::Unsafe));
        assert!(matches!(error.meaning(), DatabaseError::Unsafe));
    }
}
