//! A function's share of its account's concurrency, and the sum of all shares.

use crate::commit::{Committed, TRIES};
use crate::functions::edit;
use crate::{Control, messages};
use api::{AuditEntry, function_errors};
use store::records::{ConcurrencyRecord, FunctionRecord, ReservedTotalRecord};
use store::{Key, Stored, Transaction};
use types::{AccountId, FunctionName, FunctionRef, Qualifier, ServiceError, Version};

/// What stays for functions without a reservation. Source: "Lambda reserves at least 100 units of concurrency for
/// functions without a reservation" ("Configuring reserved concurrency", developer guide).
const UNRESERVED: u32 = 100;
/// The same where the whole account has no more than that. Source: recorded on accounts with a limit of 10.
const UNRESERVED_OF_FEW: u32 = 10;

/// What an account of this limit may not reserve.
pub(super) fn minimum_unreserved(limit: u32) -> u32 {
    if limit > UNRESERVED { UNRESERVED } else { UNRESERVED_OF_FEW.min(limit) }
}

/// The sum of all shares after one of them changed. A share may always become smaller, even where the account's limit was
/// lowered since.
pub(super) fn total_after(total: u32, before: u32, after: u32, limit: u32) -> Result<u32, ServiceError> {
    let others = total.saturating_sub(before);
    let most = limit.saturating_sub(minimum_unreserved(limit)).saturating_sub(others);
    if after > before.max(most) {
        return Err(messages::concurrency::too_little_unreserved(minimum_unreserved(limit)));
    }
    Ok(others + after)
}

/// A function's reservation and its account's total, as they were read.
pub(crate) struct Share {
    place: Key,
    of_all: Key,
    own: Option<Stored<ConcurrencyRecord>>,
    total: Option<Stored<ReservedTotalRecord>>,
}

impl Share {
    /// What the function has reserved.
    pub(crate) fn reserved(&self) -> Option<u32> {
        self.own.as_ref().map(|stored| stored.value.reserved)
    }

    /// What all functions of the account have reserved.
    pub(crate) fn total(&self) -> u32 {
        self.total.as_ref().map_or(0, |stored| stored.value.total)
    }

    /// Writes a new reservation and the new total, on condition that both are what was read.
    fn put(&self, reserved: u32, total: u32, transaction: &mut Transaction) {
        transaction.change(&self.place, self.own.as_ref(), Some(&ConcurrencyRecord { reserved }));
        self.put_total(total, transaction);
    }

    /// Gives the reservation back: part of every transaction that deletes the function.
    pub(crate) fn give_back(&self, transaction: &mut Transaction) {
        transaction.change(&self.place, self.own.as_ref(), None);
        if let Some(reserved) = self.reserved() {
            self.put_total(self.total().saturating_sub(reserved), transaction);
        }
    }

    fn put_total(&self, total: u32, transaction: &mut Transaction) {
        transaction.change(&self.of_all, self.total.as_ref(), Some(&ReservedTotalRecord { total }));
    }
}

impl Control {
    /// Reads a function's share.
    pub(crate) async fn share(&self, account: AccountId, name: &FunctionName) -> Result<Share, ServiceError> {
        let place = ConcurrencyRecord::place(account, name).map_err(messages::failed)?;
        let of_all = ReservedTotalRecord::place(account).map_err(messages::failed)?;
        let own = self.parts.store.get(&place).await.map_err(messages::failed)?;
        let total = self.parts.store.get(&of_all).await.map_err(messages::failed)?;
        Ok(Share { place, of_all, own, total })
    }

    /// What all functions of an account have reserved.
    pub(crate) async fn reserved_in_all(&self, account: AccountId) -> Result<u32, ServiceError> {
        let place = ReservedTotalRecord::place(account).map_err(messages::failed)?;
        let stored = self.parts.store.get::<ReservedTotalRecord>(&place).await.map_err(messages::failed)?;
        Ok(stored.map_or(0, |stored| stored.value.total))
    }

    /// Changes a function's share; nothing gives it back.
    pub(super) async fn reserve(
        &self,
        function: &FunctionRef,
        reserved: Option<u32>,
        audit: &AuditEntry,
    ) -> Result<(), ServiceError> {
        for _ in 0..TRIES {
            let key = edit::place(function.account, &function.name)?;
            let stored = self.parts.store.get::<FunctionRecord>(&key).await.map_err(messages::failed)?;
            let stored = stored.ok_or_else(|| not_found(function))?;
            let share = self.share(function.account, &function.name).await?;
            let mut transaction = Transaction::new();
            transaction.require::<FunctionRecord>(&key, stored.revision);
            match reserved {
                None => share.give_back(&mut transaction),
                Some(reserved) => {
                    let (before, limit) = (share.reserved().unwrap_or(0), self.parts.account_concurrency);
                    let total = total_after(share.total(), before, reserved, limit)?;
                    share.put(reserved, total, &mut transaction);
                }
            }
            if self.commit(transaction, audit).await? == Committed::Done {
                return Ok(());
            }
        }
        Err(messages::update_in_progress(&function.arn()))
    }
}

/// Source: recorded on PutFunctionConcurrency: the ARN is that of `$LATEST`, although no caller may name it.
fn not_found(function: &FunctionRef) -> ServiceError {
    let qualifier = Some(Qualifier::Version(Version::Latest));
    function_errors::not_found(&FunctionRef { qualifier, ..function.clone() }.arn())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hundred_stay_for_the_others_and_ten_of_few() {
        assert_eq!(total_after(0, 0, 900, 1000).unwrap(), 900);
        let error = total_after(0, 0, 901, 1000).unwrap_err();
        assert!(error.message.ends_with("below its minimum value of [100]."), "{error}");
        assert_eq!(total_after(0, 0, 90, 100).unwrap(), 90);
        assert!(total_after(0, 0, 91, 100).is_err());
        assert!(total_after(0, 0, 1, 10).is_err());
        assert_eq!(total_after(0, 0, 0, 5).unwrap(), 0);
    }

    proptest! {
        /// Whatever is asked for in whatever order: nothing that was accepted takes the last of the unreserved, every
        /// share may become smaller, and the total is the sum.
        #[test]
        fn shares_add_up_and_leave_the_minimum(
            limit in 0u32..400,
            asked in prop::collection::vec((0usize..5, 0u32..500), 0..40),
        ) {
            let (mut shares, mut total) = ([0u32; 5], 0);
            for (function, reserved) in asked {
                let before = shares[function];
                match total_after(total, before, reserved, limit) {
                    Ok(sum) => {
                        shares[function] = reserved;
                        total = sum;
                    }
                    Err(_) => prop_assert!(reserved > before),
                }
                prop_assert_eq!(total, shares.iter().sum::<u32>());
                prop_assert!(total <= limit - minimum_unreserved(limit));
            }
        }
    }
}
