//! Transactions as values: what is to be written, and what must be so for it to be written.

use crate::codec;
use crate::engine::{Batch, Entry, Expect, Operation};
use crate::{FreshBlob, Key, Prefix, Record, Revision, StoreError, Stored};
use seal::Sealer;
use serde::Serialize;
use std::sync::Arc;

/// Operations that are committed together or not at all, in the order in which they were added.
///
/// Nothing happens before [`crate::Store::commit`]. A value that can't be encoded makes the commit fail.
#[derive(Default)]
#[must_use = "a transaction does nothing until it is committed"]
pub struct Transaction {
    steps: Vec<Step>,
    held: Vec<Box<dyn Send>>,
    failed: Option<StoreError>,
}

enum Step {
    Write { table: &'static str, key: Key, expect: Expect, plain: Vec<u8> },
    Delete { table: &'static str, key: Key, expect: Expect },
    DeleteAll { table: &'static str, prefix: Prefix },
    Require { table: &'static str, key: Key, expect: Expect },
    Append { log: &'static str, plain: Vec<u8> },
}

/// The most operations of one transaction.
const MAX_OPERATIONS: usize = 1000;

impl Transaction {
    /// An empty transaction.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record that must not be there yet.
    pub fn insert<R: Record>(&mut self, key: &Key, value: &R) -> &mut Self {
        self.write(key, value, Expect::Absent)
    }

    /// Writes a record, whether it is there or not.
    pub fn put<R: Record>(&mut self, key: &Key, value: &R) -> &mut Self {
        self.write(key, value, Expect::Anything)
    }

    /// Writes a record that must still have this revision.
    pub fn replace<R: Record>(&mut self, key: &Key, value: &R, revision: Revision) -> &mut Self {
        self.write(key, value, Expect::Revision(revision))
    }

    /// Deletes a record that must still have this revision.
    pub fn delete<R: Record>(&mut self, key: &Key, revision: Revision) -> &mut Self {
        self.step(Step::Delete { table: R::TABLE, key: key.clone(), expect: Expect::Revision(revision) })
    }

    /// Deletes a record if it is there, whatever its revision.
    pub fn remove<R: Record>(&mut self, key: &Key) -> &mut Self {
        self.step(Step::Delete { table: R::TABLE, key: key.clone(), expect: Expect::Anything })
    }

    /// Deletes every record of the table whose key begins with `prefix`: one operation, however many there are.
    pub fn remove_all<R: Record>(&mut self, prefix: &Prefix) -> &mut Self {
        self.step(Step::DeleteAll { table: R::TABLE, prefix: prefix.clone() })
    }

    /// Makes of a record as it was read what it shall be; `None` is no record. Commits only if it still is what was read.
    pub fn change<R: Record>(&mut self, key: &Key, old: Option<&Stored<R>>, new: Option<&R>) -> &mut Self {
        match (old, new) {
            (None, Some(new)) => self.insert(key, new),
            (Some(old), Some(new)) => self.replace(key, new, old.revision),
            (Some(old), None) => self.delete::<R>(key, old.revision),
            (None, None) => self.require_absent::<R>(key),
        }
    }

    /// Commits only if the record still has this revision.
    pub fn require<R: Record>(&mut self, key: &Key, revision: Revision) -> &mut Self {
        self.step(Step::Require { table: R::TABLE, key: key.clone(), expect: Expect::Revision(revision) })
    }

    /// Commits only if there is no such record.
    pub fn require_absent<R: Record>(&mut self, key: &Key) -> &mut Self {
        self.step(Step::Require { table: R::TABLE, key: key.clone(), expect: Expect::Absent })
    }

    /// Adds an entry to the end of an append-only log.
    pub fn append(&mut self, log: &'static str, entry: &impl Serialize) -> &mut Self {
        match codec::encode_entry(log, entry) {
            Ok(plain) => self.step(Step::Append { log, plain }),
            Err(error) => self.fail(error),
        }
    }

    /// Keeps a blob from being swept until this transaction is committed or given up. A record in it names the blob.
    pub fn hold(&mut self, blob: FreshBlob) -> &mut Self {
        self.held.push(Box::new(blob));
        self
    }

    fn write<R: Record>(&mut self, key: &Key, value: &R, expect: Expect) -> &mut Self {
        match codec::encode(value) {
            Ok(plain) => self.step(Step::Write { table: R::TABLE, key: key.clone(), expect, plain }),
            Err(error) => self.fail(error),
        }
    }

    fn step(&mut self, step: Step) -> &mut Self {
        self.steps.push(step);
        self
    }

    fn fail(&mut self, error: StoreError) -> &mut Self {
        self.failed.get_or_insert(error);
        self
    }

    /// The same with every value sealed for its place.
    pub(crate) fn seal(self, sealer: &Arc<Sealer>) -> Result<Batch, StoreError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.steps.len() > MAX_OPERATIONS {
            return Err(StoreError::TooMany(self.steps.len()));
        }
        let operations = self.steps.into_iter().map(|step| step.seal(sealer)).collect::<Result<_, _>>()?;
        Ok(Batch { operations, held: self.held })
    }
}

impl Step {
    fn seal(self, sealer: &Arc<Sealer>) -> Result<Operation, StoreError> {
        Ok(match self {
            Self::Write { table, key, expect, plain } => {
                let value = codec::seal(sealer, table, &key, &plain)?;
                Operation::Write { table, key, expect, value }
            }
            Self::Delete { table, key, expect } => Operation::Delete { table, key, expect },
            Self::DeleteAll { table, prefix } => Operation::DeleteAll { table, prefix },
            Self::Require { table, key, expect } => Operation::Require { table, key, expect },
            Self::Append { log, plain } => {
                let sealer = Arc::clone(sealer);
                let entry: Entry =
                    Box::new(move |position| codec::seal_entry(&sealer, log, position, &plain));
                Operation::Append { log, entry }
            }
        })
    }
}
