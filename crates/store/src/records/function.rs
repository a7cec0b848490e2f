//! A function as the control plane writes it and the data plane reads it: this record is where the two meet.

use super::{LayerUse, LoggingRecord};
use crate::{BlobId, Key, KeyError, Record, UpgradeError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use types::{AccountId, FunctionName, MemoryMb, RevisionId, RuntimeName, TimeoutSeconds, Timestamp};

/// A function's changeable version, `$LATEST`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionRecord {
    /// The owner.
    pub account: AccountId,
    /// The name within the account.
    pub name: FunctionName,
    /// What the environments of this version are made of.
    pub configuration: VersionConfiguration,
    /// The code package.
    pub code: CodeRecord,
    /// Changes with every change.
    pub revision: RevisionId,
    /// When code or configuration changed last.
    pub modified: Timestamp,
    /// Whether the function can be invoked.
    pub state: FunctionState,
    /// How the last change went.
    pub last_update: UpdateStatus,
}

/// The configuration of one version of a function. Has no Debug output: variables are the customer's secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionConfiguration {
    /// The runtime.
    pub runtime: RuntimeName,
    /// The execution role's ARN.
    pub role: String,
    /// Such as `module.function`; for `provided` runtimes whatever the bootstrap makes of it.
    pub handler: String,
    /// Free text.
    pub description: String,
    /// How long an invocation may run.
    pub timeout: TimeoutSeconds,
    /// How much memory an environment has.
    pub memory: MemoryMb,
    /// The size of /tmp in MB.
    pub ephemeral_storage_mb: u32,
    /// Environment variables.
    pub variables: Option<BTreeMap<String, String>>,
    /// Layer versions in the order in which they are laid over each other at /opt: later ones win.
    #[serde(default)]
    pub layers: Vec<LayerUse>,
    /// How and where it logs.
    #[serde(default)]
    pub logging: LoggingRecord,
}

/// A code package and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// The sealed zip.
    pub blob: BlobId,
    /// Base64 of the SHA-256 of the zip.
    pub sha256: String,
    /// The zip's size in bytes.
    pub size: u64,
    /// Its size unzipped, in bytes.
    pub unzipped: u64,
}

/// Whether a function can be invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FunctionState {
    /// It was created and is not ready yet.
    Pending,
    /// It can be invoked.
    Active,
}

/// How the last change of a function went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateStatus {
    /// It is under way.
    InProgress,
    /// It is done.
    Successful,
}

impl FunctionRecord {
    /// Its place in the table.
    ///
    /// # Errors
    /// Never in practice: neither part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str()])
    }

    /// Whether a change is still under way.
    pub fn is_settled(&self) -> bool {
        self.state == FunctionState::Active && self.last_update == UpdateStatus::Successful
    }
}

impl Record for FunctionRecord {
    const TABLE: &'static str = "functions";
    const VERSION: u16 = 2;

    /// The first version knew no layers and no choice of logging: members that have defaults now.
    fn upgrade(from: u16, json: serde_json::Value) -> Result<Self, UpgradeError> {
        match from {
            1 => Ok(serde_json::from_value(json)?),
            other => Err(UpgradeError::UnknownVersion(other)),
        }
    }
}
