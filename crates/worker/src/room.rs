//! How many environments there may be, and how much memory they may be promised, in all and for one account.
//!
//! Invariant: whatever one account does (functions that invoke themselves, functions of the largest size), others find an
//! eighth of both left. What is ending counts as its account's until it is gone.

use crate::{Options, StartError};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use types::{AccountId, PerAccount};

/// Which part of either bound one account leaves to the others. Of less than this nothing is left: one account may be all
/// that a small worker has.
const LEFT_TO_OTHERS: u32 = 8;

/// The worker's bounds, and what is taken.
pub(crate) struct Room {
    environments: u32,
    mb: u32,
    all: Part,
    accounts: PerAccount<Part>,
}

/// What all may have, or one account.
struct Part {
    environments: Arc<Semaphore>,
    mb: Arc<Semaphore>,
}

/// What an environment takes, until this is dropped. The place is given back last: who sees it free sees all free.
pub(crate) struct Place {
    _of_account: Held,
    /// So that the account's stays the same one as long as something of it is taken.
    _part: Arc<Part>,
    _of_all: Held,
}

struct Held {
    _mb: OwnedSemaphorePermit,
    _environment: OwnedSemaphorePermit,
}

/// What was not left.
enum Lack {
    Environments,
    Mb,
    Closed,
}

/// What one account may have of this.
fn of_an_account(limit: u32) -> u32 {
    limit - limit / LEFT_TO_OTHERS
}

impl Part {
    fn new(environments: u32, mb: u32) -> Self {
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        Self { environments: semaphore(environments), mb: semaphore(mb) }
    }

    fn take(&self, mb: u32) -> Result<Held, Lack> {
        let lack = |what| move |error| if error == TryAcquireError::Closed { Lack::Closed } else { what };
        let place = Arc::clone(&self.environments).try_acquire_owned().map_err(lack(Lack::Environments))?;
        let memory = Arc::clone(&self.mb).try_acquire_many_owned(mb).map_err(lack(Lack::Mb))?;
        Ok(Held { _mb: memory, _environment: place })
    }
}

impl Room {
    pub(crate) fn new(options: &Options) -> Self {
        let environments = u32::try_from(options.max_environments).unwrap_or(u32::MAX);
        let mb = options.max_committed_mb;
        let accounts = PerAccount::new(move || Part::new(of_an_account(environments), of_an_account(mb)));
        Self { environments, mb, all: Part::new(environments, mb), accounts }
    }

    /// A place for an environment with this much memory and /tmp, in MB.
    pub(crate) fn take(&self, account: AccountId, mb: u32) -> Result<Place, StartError> {
        if self.all.environments.is_closed() {
            return Err(StartError::ShuttingDown);
        }
        // First: who has its own part already is not to make room where everything is taken, at the cost of others.
        let part = self.accounts.of(account);
        let of_account = part.take(mb).map_err(|_| self.account_full(&part))?;
        let of_all = self.all.take(mb).map_err(|lack| match lack {
            Lack::Closed => StartError::ShuttingDown,
            Lack::Environments => StartError::Full { limit: self.environments as usize },
            Lack::Mb => StartError::Committed { asked: mb, limit: self.mb },
        })?;
        Ok(Place { _of_account: of_account, _part: part, _of_all: of_all })
    }

    fn account_full(&self, part: &Part) -> StartError {
        let taken = |limit, left: &Semaphore| of_an_account(limit) - left.available_permits() as u32;
        let environments = taken(self.environments, &part.environments);
        StartError::AccountFull { environments, mb: taken(self.mb, &part.mb) }
    }

    /// Whether the account has any.
    pub(crate) fn is_taken_by(&self, account: AccountId) -> bool {
        let part = self.accounts.of(account);
        part.environments.available_permits() < of_an_account(self.environments) as usize
    }

    /// From here on nobody gets a place.
    pub(crate) fn close(&self) {
        self.all.environments.close();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.environments.available_permits() >= self.environments as usize
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
        assert!(room.is_taken_by(ONE));
        drop((held, others));
        assert!(!room.is_taken_by(ONE));
        assert!(room.is_empty() && room.accounts.is_empty());
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
        assert!(room.is_empty() && room.accounts.is_empty());
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
