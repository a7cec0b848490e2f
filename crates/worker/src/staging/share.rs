//! What each account keeps in use of the staging area.
//!
//! Invariant: an account's sum is that of the bytes claimed for the trees that it uses, each counted once. All of it
//! changes under the lock of the area.

use super::{Held, Slot};
use crate::sync::lock;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use types::AccountId;

/// The sums. Bounded by the accounts that use something.
#[derive(Default)]
pub(super) struct Shares {
    in_use: HashMap<AccountId, u64>,
}

impl Shares {
    /// Bytes that an account keeps in use.
    pub(super) fn of(&self, account: AccountId) -> u64 {
        self.in_use.get(&account).copied().unwrap_or(0)
    }

    /// One use more; tells whether it is the only one, for which the tree is counted.
    pub(super) fn take(&mut self, account: AccountId, slot: &Slot) -> bool {
        let mut users = lock(&slot.users);
        let uses = users.entry(account).or_insert(0);
        *uses += 1;
        if *uses == 1 {
            *self.in_use.entry(account).or_insert(0) += slot.claimed.load(Ordering::Relaxed);
        }
        *uses == 1
    }

    fn give_back(&mut self, account: AccountId, slot: &Slot) {
        let mut users = lock(&slot.users);
        let Some(uses) = users.get_mut(&account) else { return };
        *uses -= 1;
        if *uses == 0 {
            users.remove(&account);
            self.change(account, slot.claimed.load(Ordering::Relaxed), 0);
        }
    }

    /// A tree takes this much from now on; tells what it took before.
    pub(super) fn claim(&mut self, slot: &Slot, bytes: u64) -> u64 {
        let before = slot.claimed.swap(bytes, Ordering::Relaxed);
        for account in lock(&slot.users).keys() {
            self.change(*account, before, bytes);
        }
        before
    }

    fn change(&mut self, account: AccountId, before: u64, after: u64) {
        let sum = self.in_use.entry(account).or_insert(0);
        *sum = (*sum + after).saturating_sub(before);
        if *sum == 0 {
            self.in_use.remove(&account);
        }
    }
}

/// One use of a tree by an account. Not to be dropped under the lock of the area.
pub(super) struct Use {
    account: AccountId,
    slot: Arc<Slot>,
    held: Arc<Mutex<Held>>,
}

impl Use {
    /// A use that was counted by [`Shares::take`].
    pub(super) fn new(account: AccountId, slot: Arc<Slot>, held: &Arc<Mutex<Held>>) -> Self {
        Self { account, slot, held: Arc::clone(held) }
    }

    pub(super) fn account(&self) -> AccountId {
        self.account
    }

    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        lock(&self.held).shares.give_back(self.account, &self.slot);
    }
}
