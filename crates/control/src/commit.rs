//! The commit of a change that was decided by what was read: where somebody else was faster, the caller reads again.
//!
//! Invariant: whoever commits in a loop does so [`TRIES`] times at most, and then tells the caller that others are at it.

use crate::{Control, messages};
use api::AuditEntry;
use store::{StoreError, Transaction};
use types::ServiceError;

/// How often a change starts over when others are faster: each time somebody else's change was made, so that this many
/// callers at once all succeed.
pub(crate) const TRIES: usize = 100;

/// What became of an attempt to commit a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    /// It is stored.
    Done,
    /// Nothing is stored: something is not what it was when it was read.
    SomebodyWasFaster,
}

impl Control {
    /// Commits a change together with the audit record of its success.
    pub(crate) async fn commit(
        &self,
        mut transaction: Transaction,
        audit: &AuditEntry,
    ) -> Result<Committed, ServiceError> {
        audit.succeed_in(&mut transaction);
        match self.parts.store.commit(transaction).await {
            Ok(_) => Ok(Committed::Done),
            Err(StoreError::Conflict { .. }) => Ok(Committed::SomebodyWasFaster),
            Err(error) => Err(messages::failed(error)),
        }
    }
}
