//! How many connections there may be, and whose.
//!
//! ```text
//! clients                                        environments
//! `connections` ─ of one listener in the front   half as many in all ─ half of those per account ─ 16 per environment
//! ```
//! Invariant: whatever functions do, clients keep their connections, and one account's functions leave others theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::AccountId;

/// Connections of one environment at a time: as many as the SDKs' pools have by default, and some more.
const PER_ENVIRONMENT: usize = 16;

/// All of a server's.
pub(crate) struct Rooms {
    pub(crate) front: Arc<Semaphore>,
    inside: Arc<Semaphore>,
    per_account: usize,
    /// Those of accounts with living environments: the others are swept when one is added.
    accounts: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
}

/// One environment's.
pub(crate) struct Room {
    own: Arc<Semaphore>,
    account: Arc<Semaphore>,
    inside: Arc<Semaphore>,
}

/// The place of one connection, until it is dropped.
pub(crate) type Place = [OwnedSemaphorePermit; 3];

impl Rooms {
    pub(crate) fn new(connections: usize) -> Self {
        let (inside, per_account) = (connections.div_ceil(2), connections.div_ceil(4));
        Self {
            front: Arc::new(Semaphore::new(connections)),
            inside: Arc::new(Semaphore::new(inside)),
            per_account,
            accounts: Mutex::default(),
        }
    }

    /// For a new environment of this account.
    pub(crate) fn of(&self, account: AccountId) -> Room {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = accounts.get(&account).and_then(Weak::upgrade);
        let account = known.unwrap_or_else(|| {
            accounts.retain(|_, room| room.strong_count() > 0);
            let fresh = Arc::new(Semaphore::new(self.per_account));
            accounts.insert(account, Arc::downgrade(&fresh));
            fresh
        });
        Room { own: Arc::new(Semaphore::new(PER_ENVIRONMENT)), account, inside: Arc::clone(&self.inside) }
    }
}

impl Room {
    /// Waits until the environment itself may have one connection more.
    pub(crate) async fn own(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.own).acquire_owned().await.ok()
    }

    /// Waits until its account, and then the server, has a place for one.
    pub(crate) async fn place(&self, own: OwnedSemaphorePermit) -> Option<Place> {
        let account = Arc::clone(&self.account).acquire_owned().await.ok()?;
        let inside = Arc::clone(&self.inside).acquire_owned().await.ok()?;
        Some([own, account, inside])
    }
}
