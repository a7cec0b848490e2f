//! The lock of a function's releases.
//!
//! Invariant: whoever writes a version or an alias, or deletes the function, reads [`Releases`] before it reads what it
//! decides by, and commits under them: of two that did so at the same time, one starts over.

use crate::{Control, messages};
use store::records::{FunctionRecord, ReleasesRecord};
use store::{Key, Stored, Transaction};
use types::{FunctionRef, RevisionId, ServiceError};

/// A function's releases as they were read.
pub(crate) struct Releases {
    key: Key,
    stored: Option<Stored<ReleasesRecord>>,
}

impl Control {
    /// Reads the lock, whether there is such a function or not.
    pub(crate) async fn releases(&self, function: &FunctionRef) -> Result<Releases, ServiceError> {
        let key = ReleasesRecord::place(function.account, &function.name).map_err(messages::failed)?;
        let stored = self.parts.store.get(&key).await.map_err(messages::failed)?;
        Ok(Releases { key, stored })
    }
}

impl Releases {
    fn record(&self) -> ReleasesRecord {
        self.stored.as_ref().map(|stored| stored.value).unwrap_or_default()
    }

    /// The number that was given last; 0 before the first.
    pub(crate) fn last_version(&self) -> u64 {
        self.record().last_version
    }

    /// The RevisionId of the `$LATEST` that the last version was made of.
    pub(crate) fn published(&self) -> Option<RevisionId> {
        self.record().published
    }

    /// Gives the next number, for a version made of the `$LATEST` with this RevisionId. That record is written or
    /// required by the same transaction.
    pub(crate) fn give_number(&self, of: RevisionId, transaction: &mut Transaction) -> u64 {
        let number = self.last_version() + 1;
        let next = ReleasesRecord { last_version: number, published: Some(of), ..self.changed() };
        self.write(Some(&next), transaction);
        number
    }

    /// Commits only while nobody else changed a version or an alias of this function, and while the function is there:
    /// before its first release it has no lock that its deletion could change.
    pub(crate) fn hold(&self, function: &Stored<FunctionRecord>, transaction: &mut Transaction) {
        if self.stored.is_none() {
            transaction.require::<FunctionRecord>(&function.key, function.revision);
        }
        self.write(Some(&self.changed()), transaction);
    }

    /// The same for the deletion of the function. Functions that never had a release leave nothing behind.
    pub(crate) fn end(&self, transaction: &mut Transaction) {
        let ended = self.stored.is_some().then(|| ReleasesRecord { published: None, ..self.changed() });
        self.write(ended.as_ref(), transaction);
    }

    fn changed(&self) -> ReleasesRecord {
        let record = self.record();
        ReleasesRecord { changes: record.changes + 1, ..record }
    }

    fn write(&self, record: Option<&ReleasesRecord>, transaction: &mut Transaction) {
        transaction.change(&self.key, self.stored.as_ref(), record);
    }
}
