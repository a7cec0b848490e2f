//! A number out of the store, remembered until the change feed says that it changed.
//!
//! Invariant: a read that began before a change can't put its older answer back.

use std::sync::atomic::{AtomicU64, Ordering};

const UNKNOWN: u32 = u32::MAX;
const NONE: u32 = u32::MAX - 1;
const CHANGES: u32 = 32;

/// The upper half counts changes, the lower half is the number, [`NONE`] or [`UNKNOWN`].
#[derive(Debug)]
pub(crate) struct StoredNumber(AtomicU64);

/// The state before a read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen(u64);

impl Default for StoredNumber {
    fn default() -> Self {
        Self(AtomicU64::new(u64::from(UNKNOWN)))
    }
}

impl StoredNumber {
    /// The number, if there is one; or that it has to be read.
    pub(crate) fn known(&self) -> Result<Option<u32>, Seen> {
        let state = self.0.load(Ordering::SeqCst);
        match (state & u64::from(u32::MAX)) as u32 {
            UNKNOWN => Err(Seen(state)),
            NONE => Ok(None),
            number => Ok(Some(number)),
        }
    }

    /// What was read after `seen`; forgotten at once where a change came in between.
    pub(crate) fn learn(&self, seen: Seen, number: Option<u32>) {
        let low = number.map_or(NONE, |number| number.min(NONE - 1));
        let state = (seen.0 >> CHANGES << CHANGES) | u64::from(low);
        // Where this fails, the next one reads again.
        let _ = self.0.compare_exchange(seen.0, state, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// It changed.
    pub(crate) fn forget(&self) {
        let changed = |state: u64| Some((state >> CHANGES).wrapping_add(1) << CHANGES | u64::from(UNKNOWN));
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_until_it_changes() {
        let kept = StoredNumber::default();
        for number in [None, Some(0), Some(7)] {
            kept.learn(kept.known().unwrap_err(), number);
            assert_eq!(kept.known().unwrap(), number);
            kept.forget();
            assert!(kept.known().is_err());
        }
    }

    #[test]
    fn an_older_read_is_not_put_back() {
        let kept = StoredNumber::default();
        let before = kept.known().unwrap_err();
        kept.forget();
        kept.learn(before, Some(1));
        let after = kept.known().unwrap_err();
        kept.learn(after, Some(2));
        kept.learn(before, Some(1));
        assert_eq!(kept.known().unwrap(), Some(2));
    }
}
