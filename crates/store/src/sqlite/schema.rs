//! Opening connections, and the versions of the database's schema.
//!
//! Each step of [`STEPS`] was the newest once and is never changed; a new one goes to the end. The table
//! `schema_version` names the steps that the database has been through.

use super::failure::doing;
use crate::StoreError;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use seal::KeyId;
use std::path::Path;
use std::time::Duration;

const STEPS: &[&str] = &["
    CREATE TABLE records (
        tbl TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (tbl, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE entries (
        log TEXT NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (log, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE heads (log TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE commits (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
    INSERT INTO commits VALUES (1, 0);
    CREATE TABLE root_key (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL) STRICT;
"];

/// How long a connection waits for another program that holds the database.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A connection with small caches, for a platform that should be small when it is idle. Nothing is mapped into memory
/// but the index of the WAL, and nothing goes to temporary files.
pub(super) fn connect(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let mode = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let opening = doing("open lambent.db");
    let connection =
        Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(opening)?;
    connection.busy_timeout(PATIENCE).map_err(opening)?;
    let pragmas = "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;
        PRAGMA cache_size = -1024;";
    connection.execute_batch(pragmas).map_err(opening)?;
    if access == Access::Write {
        prepare_to_write(&connection, path)?;
    }
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// Turns on the WAL, which SQLite quietly refuses on file systems without shared memory, and an fsync per commit.
fn prepare_to_write(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let opening = doing("open lambent.db");
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(opening)?;
    if mode != "wal" {
        return Err(StoreError::NoWal { path: path.to_owned() });
    }
    let pragmas =
        "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA cell_size_check = ON;";
    connection.execute_batch(pragmas).map_err(opening)
}

/// Brings the database to the newest schema, or refuses one that is newer still.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_through(connection, STEPS)
}

fn migrate_through(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let migrating = doing("bring lambent.db to the newest schema");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(migrating)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY) STRICT",
        )
        .map_err(migrating)?;
    let found: u32 = transaction
        .query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))
        .map_err(migrating)?;
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    for (version, step) in (1u32..).zip(steps).filter(|(version, _)| *version > found) {
        transaction.execute_batch(step).map_err(migrating)?;
        transaction.execute("INSERT INTO schema_version VALUES (?1)", [version]).map_err(migrating)?;
    }
    transaction.commit().map_err(migrating)
}

/// Notes under which root key the data is, or refuses another.
pub(super) fn check_key(connection: &Connection, loaded: KeyId) -> Result<(), StoreError> {
    let checking = doing("check the root key's id");
    let kept: Option<[u8; 8]> =
        connection.query_row("SELECT id FROM root_key", [], |row| row.get(0)).optional().map_err(checking)?;
    match kept.map(KeyId::from_bytes) {
        Some(sealed_under) if sealed_under != loaded => {
            Err(StoreError::WrongRootKey { sealed_under, loaded })
        }
        Some(_) => Ok(()),
        None => connection
            .execute("INSERT INTO root_key VALUES (1, ?1)", [loaded.as_bytes()])
            .map(drop)
            .map_err(checking),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(connection: &Connection) -> Vec<u32> {
        let mut statement = connection.prepare("SELECT version FROM schema_version").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_writer_is_durable_and_every_connection_small() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lambent.db");
        std::fs::write(&path, "").unwrap();
        let writer = connect(&path, Access::Write).unwrap();
        let reader = connect(&path, Access::Read).unwrap();
        let of = |connection: &Connection, name: &str| -> i64 {
            connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
        };
        let (full, memory) = (2, 2);
        assert_eq!(of(&writer, "synchronous"), full);
        for connection in [&writer, &reader] {
            let journal: String =
                connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!(journal, "wal");
            assert_eq!(of(connection, "temp_store"), memory);
            assert_eq!(of(connection, "mmap_size"), 0);
            assert_eq!(of(connection, "cache_size"), -1024);
        }
        assert!(reader.execute_batch("CREATE TABLE x (y)").is_err());
    }

    #[test]
    fn each_step_is_taken_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_through(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x)"];
        for _ in 0..2 {
            migrate_through(&mut connection, &steps).unwrap();
            assert_eq!(versions(&connection), [1, 2]);
        }
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_through(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); nonsense"];
        assert!(migrate_through(&mut connection, &steps).is_err());
        assert_eq!(versions(&connection), [1]);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_through(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let refused = migrate_through(&mut connection, &["CREATE TABLE a (x)"]);
        assert!(matches!(refused, Err(StoreError::NewerSchema { found: 2, known: 1 })));
    }
}
