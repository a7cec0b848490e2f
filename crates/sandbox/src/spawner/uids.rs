//! The claim of a range of the host's user ids, so that two spawners on one host never give out the same one.
//!
//! The claim is a lock on as many bytes of one file, at the place that the ids say: the kernel sees the overlaps, and drops
//! the lock with the process, however that ends. Invariant: a claim never waits, and never takes what another spawner holds.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::io::Errno;

use super::locks;
use crate::step::{At, Failed, Step};
use crate::syscalls;

/// The file's name.
const FILE: &str = "uids";
/// Ranges that are tried, each behind what was in the way of the one before.
const TRIES: u32 = 256;
/// The last id that a range may hold; the one above means nobody.
const LAST: u32 = u32::MAX - 1;

/// A range that is this spawner's as long as this is held.
#[derive(Debug)]
pub(super) struct Uids {
    /// The first.
    pub(super) base: u32,
    /// None where there is no place for the lock.
    lock: Option<OwnedFd>,
}

impl Uids {
    /// The ids of an environment where every one is the same user of the host: nothing to claim.
    pub(super) fn unclaimed(base: u32) -> Self {
        Self { base, lock: None }
    }

    /// Claims the first range of `count` ids at or above `base` that is free and that `fits`.
    pub(super) fn claim(base: u32, count: u32, fits: impl Fn(u32) -> bool) -> Result<Self, Failed> {
        match locks::open(Path::new(locks::PLACE), FILE) {
            Ok(file) => Self::claim_in(file.into(), base, count, fits),
            // A host without a /run of root's own: the ids are those that were asked for, and the report says so.
            Err(_) => Ok(Self::unclaimed(base)),
        }
    }

    fn claim_in(file: OwnedFd, base: u32, count: u32, fits: impl Fn(u32) -> bool) -> Result<Self, Failed> {
        let mut next = Some(base);
        for _ in 0..TRIES {
            let Some(base) = next.filter(|start| start.checked_add(count - 1).is_some_and(|end| end <= LAST))
            else {
                break;
            };
            if !fits(base) {
                next = base.checked_add(count);
                continue;
            }
            if syscalls::lock_range(&file, base.into(), count.into()).at(Step::ClaimUids)? {
                return Ok(Self { base, lock: Some(file) });
            }
            let taken = syscalls::end_of_lock(&file, base.into(), count.into()).at(Step::ClaimUids)?;
            // Where it is gone by now, the same again.
            next = taken.map_or(Some(base), |end| u32::try_from(end).ok());
        }
        Err(Failed { step: Step::ClaimUids, errno: Errno::AGAIN })
    }

    /// Whether other spawners respect it.
    pub(super) fn is_claimed(&self) -> bool {
        self.lock.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As another spawner would: with a description of its own.
    fn claim(place: &Path, base: u32, count: u32) -> Result<Uids, Failed> {
        Uids::claim_in(locks::open(place, FILE).expect("the file").into(), base, count, |_| true)
    }

    #[test]
    fn a_second_claim_gets_the_next_range_and_a_dropped_one_is_free_again() {
        let place = tempfile::tempdir().expect("a directory");
        let first = claim(place.path(), 5000, 100).expect("free");
        assert_eq!((first.base, first.is_claimed()), (5000, true));
        let second = claim(place.path(), 5000, 100).expect("the next");
        assert_eq!(second.base, 5100);
        drop(first);
        assert_eq!(claim(place.path(), 5000, 100).expect("free again").base, 5000);
    }

    #[test]
    fn ranges_of_different_sizes_never_overlap() {
        let place = tempfile::tempdir().expect("a directory");
        let _large = claim(place.path(), 5000, 1000).expect("free");
        assert_eq!(claim(place.path(), 5990, 32).expect("above").base, 6000);
        let below = claim(place.path(), 4990, 10).expect("free");
        assert_eq!(below.base, 4990, "it ends where the other begins");
    }

    #[test]
    fn a_small_range_is_found_behind_large_ones() {
        let place = tempfile::tempdir().expect("a directory");
        let _large = [5000, 105_000].map(|base| claim(place.path(), base, 100_000).expect("free"));
        assert_eq!(claim(place.path(), 5000, 16).expect("behind both").base, 205_000);
    }

    #[test]
    fn what_does_not_fit_is_passed_over_and_the_end_is_an_error() {
        let place = tempfile::tempdir().expect("a directory");
        let file = || locks::open(place.path(), FILE).expect("the file").into();
        let claimed = Uids::claim_in(file(), 1000, 10, |base| base >= 1030).expect("one that fits");
        assert_eq!(claimed.base, 1030);
        let none = Uids::claim_in(file(), 1000, 10, |_| false).expect_err("none fits");
        assert_eq!((none.step, none.errno), (Step::ClaimUids, Errno::AGAIN));
        let last = claim(place.path(), LAST, 1).expect("the last");
        assert_eq!(last.base, LAST);
        claim(place.path(), LAST, 1).expect_err("nothing is above it");
        claim(place.path(), LAST, 2).expect_err("it would end above");
    }
}
