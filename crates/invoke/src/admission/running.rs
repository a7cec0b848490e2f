//! How many invocations may run at a time.
//!
//! An account has a limit. What its functions reserve is taken out of it: a function with a reservation runs within that
//! alone, all others share the rest. Source: "Understanding Lambda function scaling" in the developer guide.
//!
//! Invariant: what was admitted is counted until its guard is dropped, whatever ends it; no count ever exceeds the limit
//! that it was admitted under, and an account's never its own. While reservations change, an account's limit comes first.

use crate::messages;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use types::ServiceError;

/// Running invocations.
#[derive(Debug, Default)]
struct Running(AtomicU32);

/// The running invocations of an account.
#[derive(Debug, Default)]
pub(crate) struct AccountLoad {
    all: Running,
    /// Those that were admitted without a reservation.
    unreserved: Running,
}

/// The running invocations of a function, whatever its version.
#[derive(Debug, Default)]
pub(crate) struct FunctionLoad {
    account: Arc<AccountLoad>,
    running: Running,
}

/// What an invocation is admitted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of the account.
    pub(crate) account: u32,
    /// What all functions of the account reserve together.
    pub(crate) reserved_total: u32,
    /// What this function reserves.
    pub(crate) reserved: Option<u32>,
}

/// One running invocation; not counted any more when this is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    load: Arc<FunctionLoad>,
    share: Share,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Reserved,
    Unreserved,
}

/// A limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Account,
    Function,
}

impl FunctionLoad {
    /// Of a function that nothing runs of.
    pub(crate) fn new(account: Arc<AccountLoad>) -> Self {
        Self { account, running: Running::default() }
    }

    /// Counts one more invocation in, or says which limit is reached.
    pub(crate) fn admit(self: &Arc<Self>, limits: Limits) -> Result<Admission, Refusal> {
        let share = if limits.reserved.is_some() { Share::Reserved } else { Share::Unreserved };
        if !self.running.enter(limits.reserved.unwrap_or(u32::MAX)) {
            return Err(Refusal::Function);
        }
        // From here on the guard gives back what it holds of the function's.
        let admission = Unaccounted(self);
        if !self.account.enter(share, limits) {
            return Err(Refusal::Account);
        }
        Ok(admission.accounted(share))
    }
}

impl AccountLoad {
    /// The narrower count comes first on the way in and last on the way out, so that no attempt which ends in a refusal is
    /// ever counted for the whole account, where it could stand in the way of a reservation.
    fn enter(&self, share: Share, limits: Limits) -> bool {
        let rest = limits.account.saturating_sub(limits.reserved_total);
        if share == Share::Unreserved && !self.unreserved.enter(rest) {
            return false;
        }
        let fits = self.all.enter(limits.account);
        if !fits && share == Share::Unreserved {
            self.unreserved.leave();
        }
        fits
    }

    fn leave(&self, share: Share) {
        self.all.leave();
        if share == Share::Unreserved {
            self.unreserved.leave();
        }
    }
}

/// Counted for its function, and not yet for its account.
struct Unaccounted<'l>(&'l Arc<FunctionLoad>);

impl Unaccounted<'_> {
    fn accounted(self, share: Share) -> Admission {
        let load = Arc::clone(self.0);
        std::mem::forget(self);
        Admission { load, share }
    }
}

impl Drop for Unaccounted<'_> {
    fn drop(&mut self) {
        self.0.running.leave();
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.load.account.leave(self.share);
        self.load.running.leave();
    }
}

impl Running {
    /// One more, unless the limit is reached.
    fn enter(&self, limit: u32) -> bool {
        let more = |running| if running < limit { Some(running + 1) } else { None };
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        messages::too_many_requests(match refusal {
            Refusal::Account => messages::ACCOUNT_LIMIT,
            Refusal::Function => messages::FUNCTION_LIMIT,
        })
    }
}

#[cfg(test)]
mod tests;
