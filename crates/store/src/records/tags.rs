//! The tags of a function.

use crate::{Key, KeyError, Record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use types::{AccountId, FunctionName};

/// A function's tags; there is no record where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagsRecord {
    /// Values by key.
    pub tags: BTreeMap<String, String>,
}

impl TagsRecord {
    /// Its place: the function's.
    ///
    /// # Errors
    /// Never in practice: neither part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str()])
    }
}

impl Record for TagsRecord {
    const TABLE: &'static str = "function-tags";
    const VERSION: u16 = 1;
}
