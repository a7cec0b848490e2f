//! Carries changes of queues out.

use super::{Sqs, messages};
use crate::change::{Plan, Refused, carry_out};
use api::AuditEntry;
use types::ServiceError;

impl Sqs {
    /// Plans a change from what is stored and commits it.
    pub(super) async fn change<T, F>(
        &self,
        audit: &AuditEntry,
        plan: impl Fn() -> F + Send,
    ) -> Result<T, ServiceError>
    where
        T: Send,
        F: Future<Output = Plan<T>> + Send,
    {
        let refused = Refused { failed: messages::failed, overtaken: messages::concurrent_change };
        carry_out(&self.store, audit, refused, plan).await
    }
}
