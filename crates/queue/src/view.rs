//! What an operator sees of single messages, never their bodies.

use crate::{Sequence, Standing};
use types::Timestamp;

/// One waiting message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    /// Its number.
    pub sequence: Sequence,
    /// Where it stood when it was looked at last.
    pub standing: Standing,
    /// When it is due, or its lease ends.
    pub due: Timestamp,
    /// How many times it was taken.
    pub attempts: u32,
    /// When it was enqueued.
    pub enqueued: Timestamp,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Its bytes on disk.
    pub bytes: u64,
}

/// One message that could not be opened and was set aside. Its bytes are kept until its lane is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number.
    pub sequence: Sequence,
    /// Why it could not be opened.
    pub reason: String,
    /// When that was found.
    pub found: Timestamp,
    /// When it was enqueued.
    pub enqueued: Timestamp,
    /// How many times it was taken.
    pub attempts: u32,
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Messages that had expired.
    pub expired: u64,
    /// Deduplication keys whose time was over.
    pub forgotten: u64,
}
