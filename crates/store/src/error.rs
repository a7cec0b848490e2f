//! What can go wrong with the store, and what to do about it.

use crate::record::UpgradeError;
use crate::{BlobId, KeyError};
use seal::{KeyId, SealError};
use sqlite::DatabaseError;
use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be read or committed. A commit that fails has written nothing, except after
/// [`StoreError::Unsafe`] and [`StoreError::Closed`], when nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A record is not in the state that the transaction depends on: read again and decide again.
    #[error("{table} {} was changed by somebody else", readable(key))]
    Conflict {
        /// The record's table.
        table: &'static str,
        /// The record's key.
        key: String,
    },
    /// The disk is full.
    #[error("no space is left for the data directory: make room, nothing was written")]
    Full,
    /// Another program holds the database.
    #[error("another program holds lambent.db: end it (a database shell, a backup?) and try again")]
    Busy,
    /// An fsync failed, now or earlier, so that nobody knows what is on disk. Nothing is accepted until the store is
    /// opened again.
    #[error("the disk failed while a commit was made durable: check the disk, then restart Lambent")]
    Unsafe,
    /// The file system can't hold the database's write-ahead log.
    #[error("the file system of {} can't hold a write-ahead log (a network file system?): use a local disk", path.display())]
    NoWal {
        /// The database.
        path: PathBuf,
    },
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Another platform uses the data directory.
    #[error(
        "{} is in use by {}: stop it first",
        dir.display(),
        pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// Who uses it, where that can be read.
        pid: Option<u32>,
    },
    /// The data directory belongs to another user than the one that Lambent runs as.
    #[error(
        "the data directory {} belongs to user {owner}, and Lambent runs as user {runs_as}: run it as the owner",
        dir.display()
    )]
    WrongOwner {
        /// The data directory.
        dir: PathBuf,
        /// The uid of its owner.
        owner: u32,
        /// The uid of this process.
        runs_as: u32,
    },
    /// Others than its owner may change what is in the data directory.
    #[error(
        "others may write to the data directory {0} (mode {mode:03o}): run `chmod 700 {0}`",
        dir.display()
    )]
    Exposed {
        /// The data directory.
        dir: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
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
    /// One record, log entry or blob can't be read. Others can.
    #[error("{table} {} can't be read: {damage}", readable(key))]
    Corrupt {
        /// Its table or log, or `blobs`.
        table: &'static str,
        /// Its key, position or id.
        key: String,
        /// What is wrong with it.
        damage: Damage,
    },
    /// There is no blob with this id.
    #[error("there is no blob {0}")]
    NoBlob(BlobId),
    /// A value is longer than a record may be; such values are blobs.
    #[error("a value of {bytes} bytes for {table} is too long (2097152 at most)")]
    TooLong {
        /// The table or log.
        table: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// A transaction has more operations than one may have.
    #[error("a transaction of {0} operations is too large (1000 at most)")]
    TooMany(usize),
    /// A value can't be written as JSON.
    #[error("a value for {table} can't be written as JSON: {source}")]
    Encode {
        /// The table or log.
        table: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// Segments that make no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A file or folder of the data directory could not be used.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, as words that complete "cannot …".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The database refused for another reason.
    #[error("the database could not {doing}: {message} (code {code})")]
    Database {
        /// What was tried, as words that complete "could not …".
        doing: &'static str,
        /// The engine's own error code; 0 where it gave none.
        code: i32,
        /// The engine's own message.
        message: String,
    },
}

/// What is wrong with a record, a log entry or a blob.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It does not open.
    #[error(transparent)]
    Sealed(SealError),
    /// Its version or its JSON is not known.
    #[error(transparent)]
    Form(UpgradeError),
    /// Too short to hold its version.
    #[error("it is cut off")]
    Cut,
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Full => Self::Full,
            DatabaseError::Busy => Self::Busy,
            DatabaseError::Unsafe => Self::Unsafe,
            DatabaseError::NoWal { path } => Self::NoWal { path },
            DatabaseError::Closed => Self::Closed,
            DatabaseError::WrongRootKey { sealed_under, loaded } => {
                Self::WrongRootKey { sealed_under, loaded }
            }
            DatabaseError::NewerSchema { found, known } => Self::NewerSchema { found, known },
            DatabaseError::Io { doing, path, source } => Self::Io { doing, path, source },
            DatabaseError::Refused { doing, code, message } => Self::Database { doing, code, message },
        }
    }
}

impl StoreError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { doing, path: path.to_owned(), source },
        }
    }
}

fn readable(key: &str) -> String {
    key.replace('\u{1f}', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let of = |code| StoreError::io("write", Path::new("x"))(io::Error::from_raw_os_error(code));
        let (no_space, over_quota, no_access) = (28, 122, 13);
        assert!(matches!(of(no_space), StoreError::Full));
        assert!(matches!(of(over_quota), StoreError::Full));
        assert_eq!(of(no_access).to_string(), "cannot write x: Permission denied (os error 13)");
    }
}
