//! What each account uses: counted at start, kept up to date by the handlers.
//!
//! A layer version that is deleted while functions use it leaves its package with them. From the next sweep on, which the
//! deletion starts, it counts for the functions' owner: otherwise a quota could be passed by deleting what is still used.

use crate::background::References;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Store, StoreError};
use types::{AccountId, limits};

/// Functions and code of one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AccountUsage {
    pub(crate) functions: u64,
    pub(crate) code_bytes: u64,
}

/// The usage of every account. Bounded by the number of accounts that have functions or layers.
#[derive(Default)]
pub(crate) struct Usage {
    by_account: Mutex<HashMap<AccountId, AccountUsage>>,
    /// Bytes of deleted layer versions that each account's functions keep.
    orphans: Mutex<HashMap<AccountId, u64>>,
}

/// What is about to be stored: counted already, and given back unless the change is kept.
pub(crate) struct Reservation {
    usage: Arc<Usage>,
    account: AccountId,
    reserved: AccountUsage,
}

impl Usage {
    /// Counts what is stored. Source: "Storage for uploaded functions and layers. Each function version and layer version
    /// consumes storage." (Lambda quotas)
    pub(crate) async fn count(store: &Store) -> Result<Self, StoreError> {
        let usage = Self::default();
        let count = |account, more: AccountUsage| {
            usage.change(account, |u| {
                u.functions += more.functions;
                u.code_bytes += more.code_bytes;
            });
        };
        let found = References::read_counting(store, count).await?;
        usage.set_orphans(found.orphaned_bytes());
        Ok(usage)
    }

    pub(crate) fn of(&self, account: AccountId) -> AccountUsage {
        let orphans = self.orphans_of(account);
        let usage = self.lock().get(&account).copied().unwrap_or_default();
        AccountUsage { code_bytes: usage.code_bytes + orphans, ..usage }
    }

    /// Takes over what a sweep found.
    pub(crate) fn set_orphans(&self, bytes: HashMap<AccountId, u64>) {
        *self.orphans.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }

    fn orphans_of(&self, account: AccountId) -> u64 {
        let orphans = self.orphans.lock().unwrap_or_else(PoisonError::into_inner);
        orphans.get(&account).copied().unwrap_or(0)
    }

    /// Sets room aside for new functions and code; `None` when the account's quota is used up.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        account: AccountId,
        reserved: AccountUsage,
    ) -> Option<Reservation> {
        let orphans = self.orphans_of(account);
        let mut accounts = self.lock();
        let usage = accounts.entry(account).or_default();
        if usage.code_bytes + orphans + reserved.code_bytes > limits::ACCOUNT_CODE_BYTES {
            return None;
        }
        usage.code_bytes += reserved.code_bytes;
        usage.functions += reserved.functions;
        drop(accounts);
        Some(Reservation { usage: Arc::clone(self), account, reserved })
    }

    /// Something that was counted is gone.
    pub(crate) fn release(&self, account: AccountId, gone: AccountUsage) {
        self.change(account, |u| {
            u.code_bytes = u.code_bytes.saturating_sub(gone.code_bytes);
            u.functions = u.functions.saturating_sub(gone.functions);
        });
    }

    fn change(&self, account: AccountId, change: impl FnOnce(&mut AccountUsage)) {
        change(self.lock().entry(account).or_default());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, AccountUsage>> {
        self.by_account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// The change is stored.
    pub(crate) fn keep(mut self) {
        self.reserved = AccountUsage::default();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.usage.release(self.account, self.reserved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: u64) -> AccountUsage {
        AccountUsage { functions: 1, code_bytes: bytes }
    }

    #[test]
    fn a_reservation_that_is_not_kept_is_given_back() {
        let usage = Arc::new(Usage::default());
        drop(usage.reserve(AccountId::FIRST, code(10)));
        assert_eq!(usage.of(AccountId::FIRST), AccountUsage::default());
        usage.reserve(AccountId::FIRST, code(10)).unwrap().keep();
        assert_eq!(usage.of(AccountId::FIRST), code(10));
        usage.release(AccountId::FIRST, code(10));
        assert_eq!(usage.of(AccountId::FIRST), AccountUsage::default());
    }

    #[test]
    fn what_functions_keep_of_deleted_layers_counts() {
        let usage = Arc::new(Usage::default());
        let other = "123456789012".parse().unwrap();
        usage.reserve(AccountId::FIRST, code(limits::ACCOUNT_CODE_BYTES - 10)).unwrap().keep();
        usage.set_orphans(HashMap::from([(AccountId::FIRST, 4), (other, 7)]));
        assert_eq!(usage.of(other), AccountUsage { functions: 0, code_bytes: 7 });
        assert!(usage.reserve(AccountId::FIRST, code(7)).is_none());
        assert!(usage.reserve(AccountId::FIRST, code(6)).is_some());
        usage.set_orphans(HashMap::new());
        assert!(usage.reserve(AccountId::FIRST, code(7)).is_some());
    }

    #[test]
    fn the_quota_of_an_account_holds() {
        let usage = Arc::new(Usage::default());
        usage.reserve(AccountId::FIRST, code(limits::ACCOUNT_CODE_BYTES)).unwrap().keep();
        assert!(usage.reserve(AccountId::FIRST, code(1)).is_none());
        assert!(usage.reserve("123456789012".parse().unwrap(), code(1)).is_some());
    }
}
