//! What an account holds, counted against its quotas in the transaction that changes it.

use super::records::AccountRecord;
use super::{Iam, messages};
use store::Transaction;
use types::{AccountId, ServiceError};

/// What is counted. Source of the quotas: "IAM and STS quotas", default values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Users,
    Roles,
    Policies,
}

/// One more, or one less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Added,
    Removed,
}

impl Counted {
    fn quota(self) -> (&'static str, u32) {
        match self {
            Self::Users => ("UsersPerAccount", 5_000),
            Self::Roles => ("RolesPerAccount", 1_000),
            Self::Policies => ("PoliciesPerAccount", 1_500),
        }
    }
}

impl AccountRecord {
    fn count(&mut self, counted: Counted, step: Step) -> Result<(), ServiceError> {
        let count = match counted {
            Counted::Users => &mut self.users,
            Counted::Roles => &mut self.roles,
            Counted::Policies => &mut self.policies,
        };
        let (name, quota) = counted.quota();
        *count = match step {
            Step::Added if *count >= quota => return Err(messages::account_quota(name, quota)),
            Step::Added => *count + 1,
            Step::Removed => count.saturating_sub(1),
        };
        Ok(())
    }
}

impl Iam {
    /// Counts one more or one less in the account's record.
    pub(super) async fn count(
        &self,
        transaction: &mut Transaction,
        account: AccountId,
        counted: Counted,
        step: Step,
    ) -> Result<(), ServiceError> {
        let place = AccountRecord::place(account).map_err(messages::failed)?;
        match self.store.get::<AccountRecord>(&place).await.map_err(messages::failed)? {
            Some(mut stored) => {
                stored.value.count(counted, step)?;
                transaction.replace(&place, &stored.value, stored.revision);
            }
            None => {
                let mut record = AccountRecord::new(self.clock.now());
                record.count(counted, step)?;
                transaction.insert(&place, &record);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_of_roles_holds() {
        let mut record = AccountRecord::new(types::Timestamp(0));
        record.roles = 999;
        record.count(Counted::Roles, Step::Added).unwrap();
        let error = record.count(Counted::Roles, Step::Added).unwrap_err();
        assert_eq!((error.code, error.status), ("LimitExceeded", 409));
        assert_eq!(error.message, "Cannot exceed quota for RolesPerAccount: 1000");
        record.count(Counted::Roles, Step::Removed).unwrap();
        record.count(Counted::Roles, Step::Added).unwrap();
    }
}
