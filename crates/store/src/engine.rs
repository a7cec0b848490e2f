//! What the store needs below its sealing: bytes under keys, committed in batches, and append-only logs.
//!
//! The contract that every engine fulfils, and that the conformance tests check:
//! * A batch is applied whole or not at all, its operations in order, each seeing the ones before it.
//! * `commit` returns `Ok` only when the batch is durable (it survives a power cut) and after the observer saw its
//!   changes; batches are seen by the observer in the order of their commit numbers.
//! * Commit numbers grow by one with each committed batch and are never used twice, restarts included. A record's
//!   revision is the number of the commit that wrote it last.
//! * A read that starts after a commit returned sees it. A scan sees one state of the table.
//! * Keys are ordered by their bytes.
//! * A log's positions are 1, 2, 3, … in the order of the commits, without gaps, and are never used twice.
//! * A commit that was handed over is carried out even if nobody waits for its answer.
//! * Memory and queues are bounded; a full queue makes `commit` wait.

use crate::{Change, Key, Prefix, Revision, StoreError};
use seal::SealError;
use types::BoxFuture;

/// Takes every change, on the engine's own thread; it must be quick and must not wait for the engine.
pub type Observer = Box<dyn Fn(&Change) + Send>;

/// Makes a log entry's bytes as soon as its position is known, so that they can be bound to it.
pub type Entry = Box<dyn FnOnce(u64) -> Result<Vec<u8>, SealError> + Send>;

/// Log entries with their positions.
pub type Entries = Vec<(u64, Vec<u8>)>;

/// Keeps bytes under keys. See the module for what an implementation promises.
pub trait Engine: Send + Sync + 'static {
    /// One record.
    fn get<'a>(&'a self, table: &'static str, key: &'a Key)
    -> BoxFuture<'a, Result<Option<Row>, StoreError>>;

    /// A range of a table's records in order.
    fn scan(&self, table: &'static str, range: Range) -> BoxFuture<'_, Result<Vec<Row>, StoreError>>;

    /// Applies a batch and gives its commit number.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Revision, StoreError>>;

    /// Entries of a log after position `after`, at most `limit`, in order.
    fn read_log(
        &self,
        log: &'static str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Entries, StoreError>>;
}

/// A record as the engine keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: Key,
    /// The commit that wrote it last.
    pub revision: Revision,
    /// Its bytes.
    pub value: Vec<u8>,
}

/// Which records of a table.
#[derive(Debug, Clone)]
pub struct Range {
    /// The beginning that the keys have.
    pub prefix: Prefix,
    /// Only keys beyond this one, in the direction of the scan.
    pub beyond: Option<Key>,
    /// The direction.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
}

/// The direction of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the smallest key on.
    Ascending,
    /// From the largest key on.
    Descending,
}

/// What is committed together.
#[derive(Default)]
pub struct Batch {
    /// Applied in order.
    pub operations: Vec<Operation>,
    /// Dropped after the batch is committed or given up.
    pub held: Vec<Box<dyn Send>>,
}

/// One step of a batch.
pub enum Operation {
    /// Writes a record.
    Write {
        /// Its table.
        table: &'static str,
        /// Its key.
        key: Key,
        /// What must be there before.
        expect: Expect,
        /// Its bytes.
        value: Vec<u8>,
    },
    /// Removes a record.
    Delete {
        /// Its table.
        table: &'static str,
        /// Its key.
        key: Key,
        /// What must be there before.
        expect: Expect,
    },
    /// Removes every record under a prefix; each is a change of its own.
    DeleteAll {
        /// Their table.
        table: &'static str,
        /// The beginning that their keys have.
        prefix: Prefix,
    },
    /// Changes nothing, and fails the batch unless this is so.
    Require {
        /// The record's table.
        table: &'static str,
        /// The record's key.
        key: Key,
        /// What must be there.
        expect: Expect,
    },
    /// Adds an entry to the end of a log.
    Append {
        /// The log.
        log: &'static str,
        /// Makes the entry's bytes.
        entry: Entry,
    },
}

/// What must be under a key, or else the batch is a [`StoreError::Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Whatever there is, or nothing.
    Anything,
    /// Nothing.
    Absent,
    /// A record of exactly this revision.
    Revision(Revision),
}

impl Expect {
    /// Whether what was found is what must be there.
    pub fn holds(self, found: Option<Revision>) -> bool {
        match self {
            Self::Anything => true,
            Self::Absent => found.is_none(),
            Self::Revision(revision) => found == Some(revision),
        }
    }
}

impl Prefix {
    /// The smallest text that is greater than every key with this prefix; `None` where there is no such text.
    pub fn end(&self) -> Option<String> {
        let mut text = self.as_str().to_owned();
        while let Some(last) = text.pop() {
            // The range skips the surrogates, which are no characters.
            if let Some(next) = (last..=char::MAX).nth(1) {
                text.push(next);
                return Some(text);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_end_of_a_prefix_bounds_its_keys(
            prefix in "[ab\u{d7ff}\u{e000}\u{10ffff}]{1,3}",
            key in "[abc\u{d7ff}\u{e000}\u{10ffff}]{1,4}",
        ) {
            let prefix = Prefix::all().beginning(&prefix).unwrap();
            let inside = key.as_str() >= prefix.as_str() && prefix.end().is_none_or(|end| key < end);
            prop_assert_eq!(inside, key.starts_with(prefix.as_str()));
        }
    }
}
