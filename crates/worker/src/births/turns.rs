//! Whose turn it is: pure.
//!
//! Invariant: an account has half of the turns at most, and its waiters have theirs in the order in which they asked.

use std::collections::{HashMap, VecDeque};
use types::AccountId;

/// All turns, and who waits, as a `W`.
pub(super) struct Turns<W> {
    free: usize,
    most: usize,
    /// Of what was asked so far.
    asked: u64,
    /// Bounded by what is held and waited for: who has neither is not in it.
    lines: HashMap<AccountId, Line<W>>,
}

/// What an account has.
struct Line<W> {
    held: usize,
    /// Each with its number among all that were asked. Bounded by the starts that are going on, and those that were given up
    /// since the account's last turn.
    waiting: VecDeque<(u64, W)>,
}

impl<W> Turns<W> {
    /// This many, of which one account may have half.
    pub(super) fn new(all: usize) -> Self {
        Self { free: all, most: all.div_ceil(2), asked: 0, lines: HashMap::new() }
    }

    /// Somebody wants one.
    pub(super) fn ask(&mut self, account: AccountId, waiter: W) {
        self.asked += 1;
        let line = self.lines.entry(account).or_insert_with(|| Line { held: 0, waiting: VecDeque::new() });
        line.waiting.push_back((self.asked, waiter));
    }

    /// Gives a free one to the account that has fewest; of several, to the one that has waited for longest.
    pub(super) fn next(&mut self) -> Option<(AccountId, W)> {
        if self.free == 0 {
            return None;
        }
        let rank = |line: &Line<W>| line.waiting.front().map(|(number, _)| (line.held, *number));
        let may = self.lines.iter().filter(|(_, line)| line.held < self.most);
        let (_, account) = may.filter_map(|(account, line)| Some((rank(line)?, *account))).min()?;
        let line = self.lines.get_mut(&account)?;
        let (_, waiter) = line.waiting.pop_front()?;
        line.held += 1;
        self.free -= 1;
        Some((account, waiter))
    }

    /// One of this account is over.
    pub(super) fn give_back(&mut self, account: AccountId) {
        let Some(line) = self.lines.get_mut(&account) else { return };
        line.held -= 1;
        self.free += 1;
        if line.held == 0 && line.waiting.is_empty() {
            self.lines.remove(&account);
        }
    }

    /// Whether nothing is held and nobody waits.
    #[cfg(test)]
    pub(super) fn is_untouched(&self) -> bool {
        self.lines.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const ALL: usize = 8;

    fn account(number: u8) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    /// What the policy is to come to, kept beside it.
    #[derive(Default)]
    struct Model {
        held: BTreeMap<AccountId, usize>,
        waiting: BTreeMap<AccountId, VecDeque<u32>>,
    }

    impl Model {
        fn held(&self, account: AccountId) -> usize {
            self.held.get(&account).copied().unwrap_or(0)
        }

        fn free(&self) -> usize {
            ALL - self.held.values().sum::<usize>()
        }

        fn may_have_one(&self) -> Vec<AccountId> {
            let waits = self.waiting.iter().filter(|(_, line)| !line.is_empty()).map(|(account, _)| *account);
            waits.filter(|account| self.held(*account) < ALL / 2).collect()
        }
    }

    proptest! {
        #[test]
        fn turns_are_fair_and_none_is_idle(steps in prop::collection::vec((0u8..5, 0u8..3), 0..200)) {
            let (mut turns, mut model) = (Turns::new(ALL), Model::default());
            for (number, (who, what)) in steps.into_iter().enumerate() {
                let who = account(who);
                if what > 0 {
                    turns.ask(who, number as u32);
                    model.waiting.entry(who).or_default().push_back(number as u32);
                } else if model.held(who) > 0 {
                    turns.give_back(who);
                    *model.held.get_mut(&who).unwrap() -= 1;
                }
                while let Some((given, waiter)) = turns.next() {
                    let may = model.may_have_one();
                    prop_assert!(may.contains(&given));
                    let fewest = may.iter().map(|account| model.held(*account)).min();
                    prop_assert_eq!(fewest, Some(model.held(given)));
                    prop_assert_eq!(model.waiting.get_mut(&given).unwrap().pop_front(), Some(waiter));
                    *model.held.entry(given).or_default() += 1;
                    prop_assert!(model.held(given) <= ALL / 2);
                }
                prop_assert!(model.free() == 0 || model.may_have_one().is_empty());
                prop_assert_eq!(turns.free, model.free());
            }
        }

        /// Whatever others have asked for before: who has nothing is next, and waits for one turn to end.
        #[test]
        fn who_has_nothing_is_next(crowds in prop::collection::vec(1u8..100, 0..6)) {
            let mut turns = Turns::new(ALL);
            for (number, crowd) in crowds.iter().enumerate() {
                (0..*crowd).for_each(|_| turns.ask(account(number as u8), ()));
            }
            let held: Vec<_> = std::iter::from_fn(|| turns.next()).map(|(account, ())| account).collect();
            let newcomer = account(100);
            turns.ask(newcomer, ());
            if turns.next().is_none() {
                turns.give_back(held[0]);
                let next = turns.next().map(|(account, ())| account);
                // Whoever gave its only one back, and waits, has nothing either, and asked earlier.
                let had_one = held.iter().filter(|account| **account == held[0]).count() == 1;
                prop_assert!(next == Some(newcomer) || (had_one && next == Some(held[0])));
            }
        }
    }
}
