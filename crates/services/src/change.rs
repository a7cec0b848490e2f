//! Carries changes out: one transaction each, with its audit record, started over when somebody else was faster.

use api::AuditEntry;
use store::{Store, StoreError, Transaction};
use types::ServiceError;

/// How often a change starts over.
const TRIES: usize = 16;

/// What a change will write, and the answer to it once that is written.
pub(crate) type Plan<T> = Result<(Transaction, T), ServiceError>;

/// A service's words for a change that was not made.
pub(crate) struct Refused {
    /// The store failed.
    pub(crate) failed: fn(StoreError) -> ServiceError,
    /// Others were faster each time.
    pub(crate) overtaken: fn() -> ServiceError,
}

/// Plans a change from what is stored and commits it; plans anew when what it was planned from has changed.
pub(crate) async fn carry_out<T, F>(
    store: &Store,
    audit: &AuditEntry,
    refused: Refused,
    plan: impl Fn() -> F + Send,
) -> Result<T, ServiceError>
where
    T: Send,
    F: Future<Output = Plan<T>> + Send,
{
    for _ in 0..TRIES {
        let (mut transaction, answer) = plan().await?;
        audit.succeed_in(&mut transaction);
        match store.commit(transaction).await {
            Ok(_) => return Ok(answer),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err((refused.failed)(error)),
        }
    }
    Err((refused.overtaken)())
}
