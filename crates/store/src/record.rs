//! What a table holds: a type with a table's name and a version.

use crate::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// A type whose values are kept in a table of their own.
///
/// Its stored form is its JSON together with [`Record::VERSION`]. When the form changes, the version goes up by one and
/// [`Record::upgrade`] learns to read the version before; [`crate::golden`] keeps an example of each.
pub trait Record: Serialize + DeserializeOwned + Send + 'static {
    /// The table's name: lower-case letters and hyphens, unique in the whole program, never changed.
    const TABLE: &'static str;
    /// The version of the stored form that this type is, from 1.
    const VERSION: u16;

    /// Makes a value of what an earlier version stored. `from` is below [`Record::VERSION`].
    ///
    /// # Errors
    /// A version that is no longer, or not yet, known, and JSON that is not what that version stored.
    fn upgrade(from: u16, json: serde_json::Value) -> Result<Self, UpgradeError> {
        let _: serde_json::Value = json;
        Err(UpgradeError::UnknownVersion(from))
    }
}

/// Why a record of another version can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// No code reads this version.
    #[error("its version {0} is not known: use the version of Lambent that wrote it, or a later one")]
    UnknownVersion(u16),
    /// The JSON is not what that version stored.
    #[error("its JSON does not fit: {0}")]
    Json(#[from] serde_json::Error),
}

/// The number of the commit that last wrote a record. Later commits have higher numbers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, Default,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record as it was read: with its key, and with the revision that a later change can be made to depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// Where it stands in its table.
    pub key: Key,
    /// The commit that wrote it.
    pub revision: Revision,
    /// The value.
    pub value: R,
}
