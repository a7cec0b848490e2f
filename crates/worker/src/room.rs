//! How many environments there may be, and how much memory they may be promised, in all and for one account.
//!
//! Invariant: whatever one account does (functions that invoke themselves, functions of the largest size), others find an
//! eighth of both left. What is ending counts as its account's until it is gone.

use crate::sync::lock;
use crate::{Options, StartError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use types::AccountId;

/// Which part of either bound one account leaves to the others. Of less than this nothing is left: one account may be all
/// that a small worker has.
const LEFT_TO_OTHERS: u32 = 8;

/// The worker's bounds, and what is taken.
pub(crate) struct Room {
    limits: Taken,
    places: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// Bounded by the environments: who has none is not in it.
    accounts: Arc<Mutex<HashMap<AccountId, Taken>>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Taken {
    environments: u32,
    mb: u32,
}

/// What an environment takes, until this is dropped. The place is given back last: who sees it free sees all free.
pub(crate) struct Place {
    _share: Share,
    _memory: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// What an environment takes of its account's part.
struct Share {
    account: AccountId,
    mb: u32,
    accounts: Arc<Mutex<HashMap<AccountId, Taken>>>,
}

impl Room {
    pub(crate) fn new(options: &Options) -> Self {
        let environments = u32::try_from(options.max_environments).unwrap_or(u32::MAX);
        Self {
            limits: Taken { environments, mb: options.max_committed_mb },
            places: Arc::new(Semaphore::new(options.max_environments)),
            memory: Arc::new(Semaphore::new(options.max_committed_mb as usize)),
            accounts: Arc::default(),
        }
    }

    /// A place for an environment with this much memory and /tmp, in MB.
    pub(crate) fn take(&self, account: AccountId, mb: u32) -> Result<Place, StartError> {
        let limits = self.limits;
        if self.places.is_closed() {
            return Err(StartError::ShuttingDown);
        }
        // First: who has its own part already is not to make room where everything is taken, at the cost of others.
        let share = self.share(account, mb)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::Closed => StartError::ShuttingDown,
            TryAcquireError::NoPermits => StartError::Full { limit: limits.environments as usize },
        })?;
        let memory = Arc::clone(&self.memory).try_acquire_many_owned(mb);
        let memory = memory.map_err(|_| StartError::Committed { asked: mb, limit: limits.mb })?;
        Ok(Place { _share: share, _memory: memory, _place: place })
    }

    /// From here on nobody gets a place.
    pub(crate) fn close(&self) {
        self.places.close();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.available_permits() >= self.limits.environments as usize
    }

    fn share(&self, account: AccountId, mb: u32) -> Result<Share, StartError> {
        let most = |limit: u32| limit - limit / LEFT_TO_OTHERS;
        let mut accounts = lock(&self.accounts);
        let taken = accounts.get(&account).copied().unwrap_or_default();
        let next = Taken { environments: taken.environments + 1, mb: taken.mb.saturating_add(mb) };
        if next.environments > most(self.limits.environments) || next.mb > most(self.limits.mb) {
            return Err(StartError::AccountFull { environments: taken.environments, mb: taken.mb });
        }
        accounts.insert(account, next);
        Ok(Share { account, mb, accounts: Arc::clone(&self.accounts) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut accounts = lock(&self.accounts);
        if let Some(taken) = accounts.get_mut(&self.account) {
            taken.environments -= 1;
            taken.mb -= self.mb;
            if taken.environments == 0 {
                accounts.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: AccountId = AccountId::FIRST;

    fn room(max_environments: usize, max_committed_mb: u32) -> Room {
        Room::new(&Options { max_environments, max_committed_mb, ..Options::default() })
    }

    fn other() -> AccountId {
        "123456789012".parse().unwrap()
    }

    #[test]
    fn one_account_leaves_others_an_eighth_of_the_places() {
        let room = room(16, 1 << 20);
        let held: Vec<Place> = (0..14).map(|_| room.take(ONE, 640).unwrap()).collect();
        assert!(matches!(room.take(ONE, 640), Err(StartError::AccountFull { environments: 14, .. })));
        let others = [room.take(other(), 640).unwrap(), room.take(other(), 640).unwrap()];
        assert!(matches!(room.take(other(), 640), Err(StartError::Full { limit: 16 })));
        assert!(
            matches!(room.take(ONE, 640), Err(StartError::AccountFull { .. })),
            "none of others' helps it"
        );
        drop((held, others));
        assert!(room.is_empty() && lock(&room.accounts).is_empty());
    }

    #[test]
    fn one_account_leaves_others_an_eighth_of_the_memory() {
        let room = room(100, 8000);
        let held = room.take(ONE, 7000).unwrap();
        assert!(matches!(room.take(ONE, 1), Err(StartError::AccountFull { mb: 7000, .. })));
        let others = room.take(other(), 1000).unwrap();
        assert!(matches!(room.take(other(), 1), Err(StartError::Committed { asked: 1, limit: 8000 })));
        drop(held);
        assert!(room.take(ONE, 7000).is_ok());
        drop(others);
        assert!(room.is_empty() && lock(&room.accounts).is_empty());
    }

    #[test]
    fn a_small_worker_may_be_one_accounts() {
        let room = room(2, 1 << 20);
        let _both = [room.take(ONE, 640).unwrap(), room.take(ONE, 640).unwrap()];
        assert!(matches!(room.take(ONE, 640), Err(StartError::AccountFull { environments: 2, .. })));
        assert!(matches!(room.take(other(), 640), Err(StartError::Full { limit: 2 })));
    }

    #[test]
    fn a_closed_room_has_no_place() {
        let room = room(2, 1 << 20);
        room.close();
        assert!(matches!(room.take(ONE, 640), Err(StartError::ShuttingDown)));
    }
}
