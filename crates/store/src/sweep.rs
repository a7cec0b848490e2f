//! Removing blobs that no record names: leftovers of transactions that were never committed, or of deletions that were
//! cut short.
//!
//! Invariant: a blob that a committed record names is never removed. The candidates are fixed before the caller looks at
//! the records, and a blob whose transaction is still under way is not among them.

use crate::blobs::Area;
use crate::{BlobId, StoreError};
use std::collections::HashSet;
use std::sync::Arc;

/// A sweep that has fixed its candidates.
#[must_use = "finish the sweep with the ids that records name"]
pub struct Sweep {
    area: Arc<Area>,
    candidates: HashSet<BlobId>,
}

impl Sweep {
    pub(crate) fn begin(area: Arc<Area>) -> Result<Self, StoreError> {
        let mut candidates = area.ids()?;
        // Looked up after the listing: what is not fresh any more is committed, so the caller will find its record.
        let fresh = area.fresh();
        candidates.retain(|id| !fresh.contains(id));
        Ok(Self { area, candidates })
    }

    /// Removes every candidate that is not in `live`, and tells how many there were. `live` was read from the records
    /// after the sweep began.
    ///
    /// # Errors
    /// What the disk says; some candidates may be gone then.
    pub async fn finish(self, live: HashSet<BlobId>) -> Result<usize, StoreError> {
        let Self { area, candidates } = self;
        let removal = tokio::task::spawn_blocking(move || {
            let mut dead = candidates.difference(&live);
            dead.try_fold(0, |count, id| area.delete(*id).map(|()| count + 1))
        });
        removal.await.map_err(|_| StoreError::Closed)?
    }
}
