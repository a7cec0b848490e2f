//! Making and opening a database file.

use crate::{DatabaseError, doing};
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long a connection waits for another program that holds the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Writing; one connection of a file has it.
    Write,
}

/// An empty database file with mode 0600, which the files beside it inherit. One that is there stays as it is.
///
/// # Errors
/// [`DatabaseError::Io`], [`DatabaseError::Full`].
pub fn make_file(path: &Path) -> Result<(), DatabaseError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => sync_dir(path.parent().unwrap_or(path)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(DatabaseError::io("create", path)(error)),
    }
}

/// Makes durable which names a folder holds.
///
/// # Errors
/// [`DatabaseError::Io`], [`DatabaseError::Full`].
pub fn sync_dir(path: &Path) -> Result<(), DatabaseError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(DatabaseError::io("make durable the folder", path))
}

/// A connection with small caches, for a platform that should be small when it is idle. Nothing is mapped into memory
/// but the index of the WAL, and nothing goes to temporary files.
///
/// # Errors
/// [`DatabaseError::NoWal`], and what SQLite says.
pub fn connect(path: &Path, access: Access) -> Result<Connection, DatabaseError> {
    let mode = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let opening = doing("open its file");
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
fn prepare_to_write(connection: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let opening = doing("open its file");
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(opening)?;
    if mode != "wal" {
        return Err(DatabaseError::NoWal { path: path.to_owned() });
    }
    let pragmas =
        "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA cell_size_check = ON;";
    connection.execute_batch(pragmas).map_err(opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_is_durable_and_every_connection_small() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        make_file(&path).unwrap();
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
    fn a_full_disk_is_told_from_other_failures() {
        let of = |code| DatabaseError::io("write", Path::new("x"))(std::io::Error::from_raw_os_error(code));
        let (no_space, over_quota, no_access) = (28, 122, 13);
        assert!(matches!(of(no_space), DatabaseError::Full));
        assert!(matches!(of(over_quota), DatabaseError::Full));
        assert_eq!(of(no_access).to_string(), "cannot write x: Permission denied (os error 13)");
    }
}
