//! Something for each account that has any of it: what one account may have of what all share.
//!
//! Here because both the API and the worker count so. Invariant: an account has the same one as long as anybody holds it, and
//! none after that, so that there are never more than the accounts that have something, and those that are gone since the
//! last newcomer.

use crate::AccountId;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// One `T` for each account. Looking it up takes one lock, so that what is hot should do without where it can.
pub struct PerAccount<T> {
    fresh: Box<dyn Fn() -> T + Send + Sync>,
    known: Mutex<HashMap<AccountId, Weak<T>>>,
}

impl<T> PerAccount<T> {
    /// Nobody's yet; `fresh` makes that of an account that had none.
    pub fn new(fresh: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { fresh: Box::new(fresh), known: Mutex::default() }
    }

    /// The account's.
    pub fn of(&self, account: AccountId) -> Arc<T> {
        let mut known = self.lock();
        let own = known.get(&account).and_then(Weak::upgrade);
        own.unwrap_or_else(|| {
            known.retain(|_, own| own.strong_count() > 0);
            let own = Arc::new((self.fresh)());
            known.insert(account, Arc::downgrade(&own));
            own
        })
    }

    /// How many accounts have one.
    pub fn len(&self) -> usize {
        self.lock().values().filter(|own| own.strong_count() > 0).count()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A panic under this lock leaves a plain map behind.
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Weak<T>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for PerAccount<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerAccount").field("accounts", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn account(number: u8) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn each_has_its_own_as_long_as_it_is_held(steps in prop::collection::vec((0u8..6, any::<bool>()), 0..80)) {
            let all = PerAccount::new(|| ());
            let mut held: HashMap<u8, Vec<Arc<()>>> = HashMap::new();
            for (number, takes) in steps {
                let own = held.entry(number).or_default();
                if takes {
                    let taken = all.of(account(number));
                    prop_assert!(own.iter().all(|earlier| Arc::ptr_eq(earlier, &taken)));
                    own.push(taken);
                } else {
                    own.pop();
                }
                held.retain(|_, own| !own.is_empty());
                prop_assert_eq!(all.len(), held.len());
                let mut different: Vec<_> = held.values().map(|own| Arc::as_ptr(&own[0])).collect();
                different.sort();
                different.dedup();
                prop_assert_eq!(different.len(), held.len());
            }
        }
    }

    #[test]
    fn the_map_does_not_grow_with_accounts_that_are_gone() {
        let all = PerAccount::new(|| [0u8; 64]);
        (0..200).for_each(|number| drop(all.of(account(number))));
        assert!(all.is_empty() && all.lock().len() <= 1);
    }
}
