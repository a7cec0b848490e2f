//! Layers, their versions, and the use of one by a function.

use super::{CodeRecord, padded};
use crate::{Key, KeyError, Prefix, Record, UpgradeError};
use serde::{Deserialize, Serialize};
use types::{AccountId, Timestamp};

/// A layer: what its versions have in common. It outlives them: numbers are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// The number of the version that was published last.
    pub last_version: u64,
}

impl LayerRecord {
    /// Its place in the table.
    ///
    /// # Errors
    /// A layer's name with a control character, which the constraints of the API refuse.
    pub fn place(account: AccountId, layer: &str) -> Result<Key, KeyError> {
        Key::of([account.as_str(), layer])
    }
}

impl Record for LayerRecord {
    const TABLE: &'static str = "layers";
    const VERSION: u16 = 1;
}

/// One version of a layer: never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerVersionRecord {
    /// The owner.
    pub account: AccountId,
    /// The layer's name.
    pub layer: String,
    /// From 1.
    pub number: u64,
    /// The package.
    pub code: CodeRecord,
    /// Free text.
    pub description: String,
    /// Free text, such as an SPDX identifier.
    pub license: Option<String>,
    /// Runtimes that it is meant for, as they were given: an empty list is shown, one that was not given is not.
    pub runtimes: Option<Vec<String>>,
    /// Architectures that it is meant for, likewise.
    pub architectures: Option<Vec<String>>,
    /// When it was published.
    pub created: Timestamp,
}

impl LayerVersionRecord {
    /// Its place in the table.
    ///
    /// # Errors
    /// A layer's name with a control character, which the constraints of the API refuse.
    pub fn place(account: AccountId, layer: &str, number: u64) -> Result<Key, KeyError> {
        Key::of([account.as_str(), layer, &padded(number)])
    }

    /// Of all versions of a layer, in the order of their numbers.
    ///
    /// # Errors
    /// A layer's name with a control character, which the constraints of the API refuse.
    pub fn all_of(account: AccountId, layer: &str) -> Result<Prefix, KeyError> {
        Key::prefix([account.as_str(), layer])
    }
}

impl Record for LayerVersionRecord {
    const TABLE: &'static str = "layer-versions";
    const VERSION: u16 = 2;

    /// The first version kept an empty list where none was given.
    fn upgrade(from: u16, json: serde_json::Value) -> Result<Self, UpgradeError> {
        if from != 1 {
            return Err(UpgradeError::UnknownVersion(from));
        }
        let record: Self = serde_json::from_value(json)?;
        let given = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
        Ok(Self { runtimes: given(record.runtimes), architectures: given(record.architectures), ..record })
    }
}

/// A layer version as a function uses it. What is needed to run it is copied, so that the function goes on when the layer
/// version is deleted or no longer shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerUse {
    /// ARN of the layer version.
    pub arn: String,
    /// Its package.
    pub code: CodeRecord,
}
