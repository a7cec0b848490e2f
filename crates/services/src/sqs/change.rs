//! Carries changes out: one transaction each, with its audit record, started over when somebody else was faster.

use super::{Sqs, messages};
use api::AuditEntry;
use store::{StoreError, Transaction};
use types::ServiceError;

/// How often a change starts over.
const TRIES: usize = 16;

/// What a change will write, and the answer to it once that is written.
pub(super) type Plan<T> = Result<(Transaction, T), ServiceError>;

impl Sqs {
    /// Plans a change from what is stored and commits it; plans anew when what it was planned from has changed.
    pub(super) async fn change<T, F>(
        &self,
        audit: &AuditEntry,
        plan: impl Fn() -> F + Send,
    ) -> Result<T, ServiceError>
    where
        T: Send,
        F: Future<Output = Plan<T>> + Send,
    {
        for _ in 0..TRIES {
            let (mut transaction, answer) = plan().await?;
            audit.succeed_in(&mut transaction);
            match self.store.commit(transaction).await {
                Ok(_) => return Ok(answer),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(messages::failed(error)),
            }
        }
        Err(messages::concurrent_change())
    }
}
