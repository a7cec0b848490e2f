//! What a function has released: its numbered versions and the aliases that point to them.
//!
//! Invariant: every transaction that writes a version or an alias, and every deletion of a function, also writes the
//! function's [`ReleasesRecord`] on condition that it is unchanged. So an alias never points to a version that is gone.

use super::{CodeRecord, VersionConfiguration, padded};
use crate::{Key, KeyError, Prefix, Record, UpgradeError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use types::{AccountId, FunctionName, RevisionId, Timestamp, Version};

/// A published version: never changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// The function's owner.
    pub account: AccountId,
    /// The function.
    pub name: FunctionName,
    /// From 1.
    pub number: u64,
    /// What its environments are made of.
    pub configuration: VersionConfiguration,
    /// The code package.
    pub code: CodeRecord,
    /// Given when it was published.
    pub revision: RevisionId,
    /// When it was published.
    pub modified: Timestamp,
}

impl VersionRecord {
    /// Its place in the table.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName, number: u64) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str(), &padded(number)])
    }

    /// Of all versions of a function, in the order of their numbers.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn all_of(account: AccountId, name: &FunctionName) -> Result<Prefix, KeyError> {
        Key::prefix([account.as_str(), name.as_str()])
    }
}

impl Record for VersionRecord {
    const TABLE: &'static str = "versions";
    const VERSION: u16 = 1;
}

/// A name for a version, which may send a share of the invocations to another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// The version that it points to.
    pub version: Version,
    /// Shares from 0.0 to 1.0 of other versions; the rest goes to `version`. The service allows one entry.
    pub weights: BTreeMap<u64, f64>,
    /// Free text.
    pub description: String,
    /// Changes with every change.
    pub revision: RevisionId,
}

impl AliasRecord {
    /// Its place in the table.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName, alias: &str) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str(), alias])
    }

    /// Of all aliases of a function, in the order of their names.
    ///
    /// # Errors
    /// Never in practice: no part can hold the separator.
    pub fn all_of(account: AccountId, name: &FunctionName) -> Result<Prefix, KeyError> {
        Key::prefix([account.as_str(), name.as_str()])
    }
}

impl Record for AliasRecord {
    const TABLE: &'static str = "aliases";
    const VERSION: u16 = 1;
}

/// What orders the releases of a function. It outlives the function: numbers are never used again, not even by another
/// function of the same name (source: "Manage Lambda function versions" in the developer guide).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasesRecord {
    /// The number of the version that was published last; 0 before the first.
    pub last_version: u64,
    /// Goes up with each change of a version or an alias.
    pub changes: u64,
    /// The RevisionId that `$LATEST` had when the last version was made of it: while it has that one still, publishing
    /// again gives the same version.
    #[serde(default)]
    pub published: Option<RevisionId>,
}

impl ReleasesRecord {
    /// Its place: the function's.
    ///
    /// # Errors
    /// Never in practice: neither part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str()])
    }
}

impl Record for ReleasesRecord {
    const TABLE: &'static str = "releases";
    const VERSION: u16 = 2;

    /// The first version didn't know what the last version was made of: a member that has a default now.
    fn upgrade(from: u16, json: serde_json::Value) -> Result<Self, UpgradeError> {
        match from {
            1 => Ok(serde_json::from_value(json)?),
            other => Err(UpgradeError::UnknownVersion(other)),
        }
    }
}
