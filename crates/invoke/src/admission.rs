//! How many invocations may run at a time.
//!
//! Invariant: what was admitted is counted until its guard is dropped, whatever ends it: after an overload the refusals
//! end with it.

use crate::messages;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use types::{AccountId, ServiceError};

/// Running invocations of one account or function.
#[derive(Debug, Default)]
pub(crate) struct Running(AtomicU32);

/// One running invocation; not counted any more when this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted(Arc<Running>);

impl Running {
    /// Whether anything runs.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }

    /// One more, unless the limit is reached.
    fn admit(self: &Arc<Self>, limit: u32) -> Option<Admitted> {
        let more = |running| if running < limit { Some(running + 1) } else { None };
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Admitted(Arc::clone(self)))
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Both counts of one running invocation.
#[derive(Debug)]
pub(crate) struct Admission {
    _account: Admitted,
    _function: Admitted,
}

/// The counters of all accounts. Bounded by the number of accounts that ever invoked.
pub(crate) struct Accounts {
    limit: u32,
    running: RwLock<HashMap<AccountId, Arc<Running>>>,
}

impl Accounts {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, running: RwLock::default() }
    }

    /// Admits an invocation of `function`, which may have a limit of its own.
    pub(crate) fn admit(
        &self,
        account: AccountId,
        function: &Arc<Running>,
        function_limit: Option<u32>,
    ) -> Result<Admission, ServiceError> {
        let running = self.of(account);
        let account =
            running.admit(self.limit).ok_or_else(|| messages::too_many_requests(messages::ACCOUNT_LIMIT))?;
        let function = function
            .admit(function_limit.unwrap_or(u32::MAX))
            .ok_or_else(|| messages::too_many_requests(messages::FUNCTION_LIMIT))?;
        Ok(Admission { _account: account, _function: function })
    }

    fn of(&self, account: AccountId) -> Arc<Running> {
        if let Some(running) = self.running.read().unwrap_or_else(PoisonError::into_inner).get(&account) {
            return Arc::clone(running);
        }
        let mut all = self.running.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(account).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_limit_holds_and_ends() {
        let accounts = Accounts::new(2);
        let function = Arc::default();
        let first = accounts.admit(AccountId::FIRST, &function, None).unwrap();
        let _second = accounts.admit(AccountId::FIRST, &function, None).unwrap();
        let refused = accounts.admit(AccountId::FIRST, &function, None).unwrap_err();
        assert_eq!(refused.members[0], ("Reason", "ConcurrentInvocationLimitExceeded".to_owned()));
        assert!(accounts.admit("123456789012".parse().unwrap(), &function, None).is_ok());
        drop(first);
        assert!(accounts.admit(AccountId::FIRST, &function, None).is_ok());
    }

    #[test]
    fn a_refusal_by_the_function_gives_the_accounts_share_back() {
        let accounts = Accounts::new(1);
        let function = Arc::default();
        let refused = accounts.admit(AccountId::FIRST, &function, Some(0)).unwrap_err();
        assert_eq!(refused.members[0].1, "ReservedFunctionConcurrentInvocationLimitExceeded");
        assert!(accounts.admit(AccountId::FIRST, &function, None).is_ok());
    }
}
