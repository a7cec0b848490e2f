//! What SQLite's errors mean for whoever keeps data in it.

use rusqlite::{Error, ErrorCode, ffi};
use seal::KeyId;
use std::io;
use std::path::{Path, PathBuf};

/// Why a database could not be opened, read or committed to. A commit that fails has written nothing, except after
/// [`DatabaseError::Unsafe`] and [`DatabaseError::Closed`], when nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The disk is full.
    #[error("no space is left for the data directory: make room, nothing was written")]
    Full,
    /// Another program holds the database.
    #[error("another program holds the database: end it (a database shell, a backup?) and try again")]
    Busy,
    /// An fsync failed, now or earlier, so that nobody knows what is on disk.
    #[error("the disk failed while a commit was made durable: check the disk, then restart Lambent")]
    Unsafe,
    /// The file system can't hold the database's write-ahead log.
    #[error("the file system of {} can't hold a write-ahead log (a network file system?): use a local disk", path.display())]
    NoWal {
        /// The database.
        path: PathBuf,
    },
    /// The database is being closed.
    #[error("the database is closed")]
    Closed,
    /// The data was sealed under another root key.
    #[error(
        "the data is sealed under root key {sealed_under}, and {loaded} was loaded: load the root key that belongs to this data"
    )]
    WrongRootKey {
        /// The key that the data needs.
        sealed_under: KeyId,
        /// The key that was loaded.
        loaded: KeyId,
    },
    /// The data was written by a later version of Lambent.
    #[error(
        "the data has schema version {found} and this Lambent knows {known} at most: use the version that wrote it, or a later one"
    )]
    NewerSchema {
        /// The schema version of the data.
        found: u32,
        /// The highest version that this program knows.
        known: u32,
    },
    /// The database file, or its folder, could not be used.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, as words that complete "cannot …".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// SQLite refused for another reason.
    #[error("the database could not {doing}: {message} (code {code})")]
    Refused {
        /// What was tried, as words that complete "could not …".
        doing: &'static str,
        /// SQLite's extended code; 0 where it gave none.
        code: i32,
        /// SQLite's own message.
        message: String,
    },
}

impl DatabaseError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { doing, path: path.to_owned(), source },
        }
    }

    /// What an error of SQLite means; `doing` completes "the database could not …".
    pub fn meaning(doing: &'static str, error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => {
                let code = error.sqlite_error().map_or(0, |error| error.extended_code);
                Self::Refused { doing, code, message: error.to_string() }
            }
        }
    }
}

/// Turns SQLite's error into what it means; `what` completes "the database could not …".
pub fn doing(what: &'static str) -> impl Fn(Error) -> DatabaseError + Copy {
    move |error| DatabaseError::meaning(what, &error)
}

/// Whether an fsync failed. What is on disk after that is unknown, and a second fsync would not tell.
pub(crate) fn is_failed_sync(error: &Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn each_cause_has_its_own_error() {
        let of = |code| DatabaseError::meaning("write", &error(code));
        assert!(matches!(of(ffi::SQLITE_FULL), DatabaseError::Full));
        assert!(matches!(of(ffi::SQLITE_BUSY), DatabaseError::Busy));
        assert!(matches!(of(ffi::SQLITE_LOCKED), DatabaseError::Busy));
        assert!(matches!(of(ffi::SQLITE_CORRUPT), DatabaseError::Refused { code: ffi::SQLITE_CORRUPT, .. }));
    }

    #[test]
    fn a_failed_sync_is_told_from_other_failures() {
        assert!(is_failed_sync(&error(ffi::SQLITE_IOERR_FSYNC)));
        assert!(!is_failed_sync(&error(ffi::SQLITE_IOERR_READ)));
        assert!(!is_failed_sync(&error(ffi::SQLITE_FULL)));
    }
}
