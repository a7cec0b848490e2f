//! The change feed: who wants to know of changes to which table.

use crate::{Key, Revision};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

/// One record was written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit that did it; for a written record also its revision.
    pub commit: Revision,
    /// The record's table.
    pub table: &'static str,
    /// The record's key.
    pub key: Key,
    /// Whether it is gone now.
    pub deleted: bool,
}

type Subscriber = Arc<dyn Fn(&Change) + Send + Sync>;

/// The subscribers of one store.
#[derive(Clone, Default)]
pub(crate) struct Feed(Arc<RwLock<Vec<(&'static str, Subscriber)>>>);

impl Feed {
    pub(crate) fn subscribe(&self, table: &'static str, subscriber: Subscriber) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push((table, subscriber));
    }

    /// Calls the subscribers of the change's table, outside the lock, so that one may subscribe others. A subscriber
    /// that panics is reported, and the others are called all the same: commits must go on.
    pub(crate) fn deliver(&self, change: &Change) {
        for subscriber in self.of(change.table) {
            if catch_unwind(AssertUnwindSafe(|| subscriber(change))).is_err() {
                tracing::error!(table = change.table, "a subscriber of the change feed panicked");
            }
        }
    }

    fn of(&self, table: &str) -> Vec<Subscriber> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(of, _)| *of == table).map(|(_, subscriber)| Arc::clone(subscriber)).collect()
    }
}
