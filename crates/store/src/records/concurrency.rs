//! Reserved concurrency.
//!
//! Invariant: an account's total is the sum of its functions' reservations: both are written in one transaction.

use crate::{Key, KeyError, Record};
use serde::{Deserialize, Serialize};
use types::{AccountId, FunctionName};

/// What one function has reserved; there is no record where it has reserved nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcurrencyRecord {
    /// Concurrent invocations that are the function's own, and its limit. 0 stops the function.
    pub reserved: u32,
}

impl ConcurrencyRecord {
    /// Its place: the function's.
    ///
    /// # Errors
    /// Never in practice: neither part can hold the separator.
    pub fn place(account: AccountId, name: &FunctionName) -> Result<Key, KeyError> {
        Key::of([account.as_str(), name.as_str()])
    }
}

impl Record for ConcurrencyRecord {
    const TABLE: &'static str = "function-concurrency";
    const VERSION: u16 = 1;
}

/// What all functions of an account have reserved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedTotalRecord {
    /// The sum.
    pub total: u32,
}

impl ReservedTotalRecord {
    /// Its place.
    ///
    /// # Errors
    /// Never in practice: an account's id can't hold the separator.
    pub fn place(account: AccountId) -> Result<Key, KeyError> {
        Key::of([account.as_str()])
    }
}

impl Record for ReservedTotalRecord {
    const TABLE: &'static str = "reserved-concurrency";
    const VERSION: u16 = 1;
}
