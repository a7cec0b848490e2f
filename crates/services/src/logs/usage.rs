//! What each account's logs take on disk, and whose go first when all together take too much. Pure: `retention` reads and
//! removes.
//!
//! Invariant: an account loses nothing while it holds no more than its share, which is the bound divided by the number of
//! accounts that hold anything. So one account's flood takes from that account alone. What the last transaction wrote
//! stays in any case; all others are then at most at their shares, so the bound is exceeded by one transaction at most.

use std::collections::BTreeMap;
use types::AccountId;

/// What all logs take. Its memory is a few numbers for each account that holds anything.
#[derive(Debug, Default)]
pub(super) struct Usage {
    accounts: BTreeMap<AccountId, Held>,
}

/// What one account holds: the notes from `first` to before `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// The number of its first note.
    pub(super) first: u64,
    /// The number of its next note.
    pub(super) next: u64,
    /// What the chunks of all its notes take or took, in bytes.
    pub(super) total: u64,
    /// What is there, in bytes.
    pub(super) live: u64,
    /// How old its last note is.
    pub(super) last: Age,
}

/// Whether something may be removed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// The last transaction wrote it.
    Fresh,
    /// An earlier one did.
    Settled,
}

impl Usage {
    /// Takes over what the store tells of an account.
    pub(super) fn restore(&mut self, account: AccountId, held: Held) {
        self.accounts.insert(account, held);
    }

    /// A new transaction begins: what was there before is no longer fresh.
    pub(super) fn settle(&mut self) {
        self.accounts.values_mut().for_each(|held| held.last = Age::Settled);
    }

    /// Adds a note of so many bytes, at most one per account and transaction. Gives what the account then holds.
    pub(super) fn add(&mut self, account: AccountId, bytes: u64) -> Held {
        let none = Held { first: 0, next: 0, total: 0, live: 0, last: Age::Settled };
        let held = self.accounts.entry(account).or_insert(none);
        held.next += 1;
        held.total += bytes;
        held.live += bytes;
        held.last = Age::Fresh;
        *held
    }

    /// How many notes the last transaction wrote.
    pub(super) fn fresh(&self) -> usize {
        self.accounts.values().filter(|held| held.last == Age::Fresh).count()
    }

    /// Whose first note is to go, and its number, while all logs take more than `max_bytes`: of the accounts above their
    /// share that hold anything but what is fresh, the one that holds most.
    pub(super) fn excess(&self, max_bytes: u64) -> Option<(AccountId, u64)> {
        let live: u64 = self.accounts.values().map(|held| held.live).sum();
        if live <= max_bytes {
            return None;
        }
        let share = max_bytes / self.accounts.len().max(1) as u64;
        let above = self.accounts.iter().filter(|(_, held)| held.live > share && held.may_lose());
        above.max_by_key(|(_, held)| held.live).map(|(account, held)| (*account, held.first))
    }

    /// An account's first note, of so many bytes, is gone.
    pub(super) fn remove(&mut self, account: AccountId, bytes: u64) {
        let Some(held) = self.accounts.get_mut(&account) else { return };
        held.first += 1;
        held.live = held.live.saturating_sub(bytes);
        if held.first >= held.next {
            self.accounts.remove(&account);
        }
    }
}

impl Held {
    /// Whether its first note may go.
    fn may_lose(&self) -> bool {
        self.first + u64::from(self.last == Age::Fresh) < self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn account(n: usize) -> AccountId {
        format!("{n:012}").parse().unwrap()
    }

    /// Writes notes as one transaction does, and removes until nothing is to go; gives who lost with what it held.
    fn turn(
        usage: &mut Usage,
        notes: &mut BTreeMap<AccountId, VecDeque<u64>>,
        written: &BTreeMap<usize, u64>,
        max: u64,
    ) -> Vec<(AccountId, u64, u64)> {
        usage.settle();
        for (n, bytes) in written {
            usage.add(account(*n), *bytes);
            notes.entry(account(*n)).or_default().push_back(*bytes);
        }
        let mut losses = Vec::new();
        while let Some((loser, _)) = usage.excess(max) {
            let holders = notes.values().filter(|notes| !notes.is_empty()).count() as u64;
            losses.push((loser, notes[&loser].iter().sum(), max / holders));
            let bytes = notes.get_mut(&loser).unwrap().pop_front().unwrap();
            usage.remove(loser, bytes);
        }
        losses
    }

    proptest! {
        #[test]
        fn nobody_loses_at_its_share_and_the_bound_holds(
            turns in prop::collection::vec(prop::collection::btree_map(0..5usize, 1..60u64, 1..4), 1..40),
            max in 0..300u64,
        ) {
            let (mut usage, mut notes) = (Usage::default(), BTreeMap::new());
            for written in &turns {
                for (_, held, share) in turn(&mut usage, &mut notes, written, max) {
                    prop_assert!(held > share);
                }
                let live: u64 = notes.values().flatten().sum();
                prop_assert!(live <= max + written.values().sum::<u64>());
                for (n, bytes) in written {
                    prop_assert_eq!(notes[&account(*n)].back(), Some(bytes), "what is fresh stays");
                }
                let holders = notes.values().filter(|notes| !notes.is_empty()).count();
                prop_assert_eq!(usage.accounts.len(), holders);
            }
        }
    }

    #[test]
    fn the_flood_pays_and_what_nobody_else_uses_is_its_own() {
        let (mut usage, mut notes) = (Usage::default(), BTreeMap::new());
        assert_eq!(turn(&mut usage, &mut notes, &BTreeMap::from([(1, 40)]), 100), []);
        assert_eq!(
            turn(&mut usage, &mut notes, &BTreeMap::from([(0, 60)]), 100),
            [],
            "above its share of 50"
        );
        let losses = turn(&mut usage, &mut notes, &BTreeMap::from([(0, 30)]), 100);
        assert_eq!(losses, [(account(0), 90, 50)]);
        assert_eq!(notes[&account(1)], [40]);
        assert_eq!(notes[&account(0)], [30]);
    }

    #[test]
    fn an_account_alone_has_all_of_the_bound() {
        let (mut usage, mut notes) = (Usage::default(), BTreeMap::new());
        for bytes in [40, 60] {
            assert_eq!(turn(&mut usage, &mut notes, &BTreeMap::from([(0, bytes)]), 100), []);
        }
        assert_eq!(turn(&mut usage, &mut notes, &BTreeMap::from([(0, 1)]), 100).len(), 1);
        assert_eq!(notes[&account(0)], [60, 1]);
    }
}
