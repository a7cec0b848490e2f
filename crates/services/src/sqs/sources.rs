//! Which queues send their dead letters where.
//!
//! Invariant: a queue whose redrive policy names a target has a record that the target is found by, in the same transaction.

use super::records::{DeadLetterSourceRecord, QueueRecord};
use super::redrive::RedrivePolicy;
use super::{Sqs, messages};
use store::Transaction;
use types::{QueueRef, ServiceError};

impl Sqs {
    /// Changes where the dead letters of `source` go. A new target must be there and take them; that it still does when the
    /// transaction is carried out is a condition of it.
    pub(super) async fn point(
        &self,
        transaction: &mut Transaction,
        source: &QueueRef,
        old: Option<&RedrivePolicy>,
        new: Option<&RedrivePolicy>,
    ) -> Result<(), ServiceError> {
        let target_of =
            |policy: &RedrivePolicy| QueueRef::of_arn(&policy.dead_letter_target_arn, &self.region);
        if let Some(old) = old.and_then(target_of) {
            let key = DeadLetterSourceRecord::place(&old, source).map_err(messages::failed)?;
            transaction.remove::<DeadLetterSourceRecord>(&key);
        }
        let Some(policy) = new else { return Ok(()) };
        let target = policy.target(source, &self.region)?;
        let refused = |reason: &str| messages::bad_redrive(&policy.text(), reason);
        let there = self.look_up(&target).await?;
        let there = there.ok_or_else(|| refused("Dead letter target does not exist."))?;
        let admits = there.value.attributes.redrive_allow.as_ref();
        if !admits.is_none_or(|allow| allow.admits(&source.arn(&self.region))) {
            return Err(refused(
                "The redrive allow policy of the dead letter target does not allow this queue.",
            ));
        }
        transaction.require::<QueueRecord>(&there.key, there.revision);
        let key = DeadLetterSourceRecord::place(&target, source).map_err(messages::failed)?;
        transaction.put(&key, &DeadLetterSourceRecord {});
        Ok(())
    }
}
