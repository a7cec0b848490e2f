//! What SQLite's errors mean for the store.

use crate::StoreError;
use rusqlite::{Error, ErrorCode, ffi};

/// Turns SQLite's error into the store's; `what` completes "the database could not …".
pub(super) fn doing(what: &'static str) -> impl Fn(Error) -> StoreError + Copy {
    move |error| meaning(what, &error)
}

/// The same for an error that several callers will hear of.
pub(super) fn meaning(doing: &'static str, error: &Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => {
            let code = error.sqlite_error().map_or(0, |error| error.extended_code);
            StoreError::Database { doing, code, message: error.to_string() }
        }
    }
}

/// Whether an fsync failed. What is on disk after that is unknown, and a second fsync would not tell.
pub(super) fn is_failed_sync(error: &Error) -> bool {
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
        assert!(matches!(meaning("write", &error(ffi::SQLITE_FULL)), StoreError::Full));
        assert!(matches!(meaning("write", &error(ffi::SQLITE_BUSY)), StoreError::Busy));
        assert!(matches!(meaning("write", &error(ffi::SQLITE_LOCKED)), StoreError::Busy));
        assert!(matches!(
            meaning("write", &error(ffi::SQLITE_CORRUPT)),
            StoreError::Database { code: ffi::SQLITE_CORRUPT, .. }
        ));
    }

    #[test]
    fn a_failed_sync_is_told_from_other_failures() {
        assert!(is_failed_sync(&error(ffi::SQLITE_IOERR_FSYNC)));
        assert!(!is_failed_sync(&error(ffi::SQLITE_IOERR_READ)));
        assert!(!is_failed_sync(&error(ffi::SQLITE_FULL)));
    }
}
