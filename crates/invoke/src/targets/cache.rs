//! What the data plane has made of one table's records: read from the store once, dropped when the change feed says that
//! they changed.
//!
//! Invariant: what a commit changed is not served after the commit was answered. A look-up that began before the change
//! can't put its older answer back.

use crate::messages;
use crate::targets::sharded::Sharded;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Key, KeyError, Record, Store};
use types::ServiceError;

/// Entries that one of the 64 shards keeps: 16,384 in all, whatever the number of functions.
const PER_SHARD: usize = 256;
/// Reads of a record that changes all the time before its entry is used without being kept.
const READS: usize = 4;

/// What is kept of one record.
pub(crate) trait Entry: Send + Sync + 'static {
    /// The record changed or is gone: nothing new begins with this entry.
    fn retire(&self) {}

    /// Whether it holds something that must be found again.
    fn holds(&self) -> bool {
        false
    }
}

/// Entries made of the records `R`.
pub(crate) struct Cache<R, E> {
    store: Arc<Store>,
    kept: Arc<Kept<E>>,
    of: PhantomData<fn() -> R>,
}

struct Kept<E>(Sharded<Shard<E>>);

struct Shard<E> {
    entries: HashMap<Key, Slot<E>>,
    /// Goes up with each change, so that a read that began before one is noticed.
    changes: u64,
}

struct Slot<E> {
    entry: Arc<E>,
    /// Since the shard was full the last time.
    used: AtomicBool,
}

impl<R: Record, E: Entry> Cache<R, E> {
    /// A cache over the store, kept right by its change feed.
    pub(crate) fn new(store: &Arc<Store>) -> Self {
        let kept = Arc::new(Kept(Sharded::default()));
        let changing = Arc::clone(&kept);
        store.subscribe(R::TABLE, move |change| changing.forget(&change.key));
        Self { store: Arc::clone(store), kept, of: PhantomData }
    }

    /// The entry of the record at this place, if there is one.
    pub(crate) async fn find(
        &self,
        key: &Key,
        make: impl Fn(R) -> Result<E, KeyError>,
    ) -> Result<Option<Arc<E>>, ServiceError> {
        let mut unkept = None;
        for _ in 0..READS {
            let changes = match self.kept.get(key) {
                Ok(entry) => return Ok(Some(entry)),
                Err(changes) => changes,
            };
            let stored = self.store.get::<R>(key).await.map_err(messages::failed)?;
            let Some(stored) = stored else { return Ok(None) };
            let entry = make(stored.value).map_err(messages::failed)?;
            match self.kept.keep(key, entry, changes) {
                Ok(entry) => return Ok(Some(entry)),
                Err(entry) => unkept = Some(entry),
            }
        }
        Ok(unkept.map(|entry| {
            entry.retire();
            Arc::new(entry)
        }))
    }

    /// Looks at every entry.
    pub(crate) fn each(&self, mut look: impl FnMut(&Key, &Arc<E>)) {
        for shard in self.kept.0.each() {
            shard.entries.iter().for_each(|(key, slot)| look(key, &slot.entry));
        }
    }

    /// Retires everything, for the end.
    pub(crate) fn clear(&self) {
        for mut shard in self.kept.0.each_mut() {
            shard.changes += 1;
            shard.entries.drain().for_each(|(_, slot)| slot.entry.retire());
        }
    }
}

impl<E: Entry> Kept<E> {
    /// The entry, or how often its shard has changed.
    fn get(&self, key: &Key) -> Result<Arc<E>, u64> {
        let shard = self.0.read(key);
        let slot = shard.entries.get(key).ok_or(shard.changes)?;
        if !slot.used.load(Ordering::Relaxed) {
            slot.used.store(true, Ordering::Relaxed);
        }
        Ok(Arc::clone(&slot.entry))
    }

    fn forget(&self, key: &Key) {
        let mut shard = self.0.write(key);
        shard.changes += 1;
        let gone = shard.entries.remove(key);
        drop(shard);
        if let Some(slot) = gone {
            slot.entry.retire();
        }
    }

    /// The entry that is kept from now on: another one's, where two looked for it at the same time. The entry comes back
    /// where its shard changed since the read began, or is full of what is in use.
    fn keep(&self, key: &Key, entry: E, changes: u64) -> Result<Arc<E>, E> {
        let mut shard = self.0.write(key);
        if let Some(slot) = shard.entries.get(key) {
            return Ok(Arc::clone(&slot.entry));
        }
        if shard.changes != changes || !shard.has_room() {
            return Err(entry);
        }
        let entry = Arc::new(entry);
        let slot = Slot { entry: Arc::clone(&entry), used: AtomicBool::new(false) };
        shard.entries.insert(key.clone(), slot);
        Ok(entry)
    }
}

impl<E: Entry> Shard<E> {
    /// Drops up to a half: of what was not used since the shard was full the last time, or else of what nobody uses now.
    fn has_room(&mut self) -> bool {
        if self.entries.len() < PER_SHARD {
            return true;
        }
        self.drop_half(|slot| !slot.used.swap(false, Ordering::Relaxed));
        if self.entries.len() >= PER_SHARD {
            self.drop_half(|_| true);
        }
        self.entries.len() < PER_SHARD
    }

    fn drop_half(&mut self, unwanted: impl Fn(&Slot<E>) -> bool) {
        let mut left = PER_SHARD / 2;
        self.entries.retain(|_, slot| {
            let goes = left > 0 && !slot.is_in_use() && unwanted(slot);
            left -= usize::from(goes);
            !goes
        });
    }
}

impl<E: Entry> Slot<E> {
    /// Nobody can come to hold the entry while the shard is locked to write.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.entry) > 1 || self.entry.holds()
    }
}

impl<E> Default for Shard<E> {
    fn default() -> Self {
        Self { entries: HashMap::new(), changes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::sharded::SHARDS;

    /// Holds something when it is even.
    struct Number(u64);

    impl Entry for Number {
        fn holds(&self) -> bool {
            self.0.is_multiple_of(2)
        }
    }

    fn key(number: u64) -> Key {
        Key::of([number.to_string()]).unwrap()
    }

    fn keep(kept: &Kept<Number>, number: u64) -> Option<Arc<Number>> {
        let changes = kept.get(&key(number)).err()?;
        kept.keep(&key(number), Number(number), changes).ok()
    }

    fn entries(kept: &Kept<Number>) -> usize {
        kept.0.each().map(|shard| shard.entries.len()).sum()
    }

    #[test]
    fn a_hundred_thousand_records_leave_a_bounded_number_of_entries() {
        let kept = Kept(Sharded::default());
        for number in 0..100_000 {
            keep(&kept, number * 2 + 1).expect("there is room: nothing is in use");
            assert!(number % 1000 != 0 || entries(&kept) <= PER_SHARD * SHARDS);
        }
        assert!(entries(&kept) <= PER_SHARD * SHARDS);
        assert!(entries(&kept) > PER_SHARD * SHARDS / 4, "a full shard isn't emptied for nothing");
    }

    #[test]
    fn what_is_in_use_stays() {
        let kept = Kept(Sharded::default());
        let held = keep(&kept, 1).unwrap();
        let _ = keep(&kept, 2);
        for number in 0..100_000 {
            keep(&kept, number * 2 + 101);
        }
        assert!(Arc::ptr_eq(&held, &kept.get(&key(1)).ok().unwrap()));
        assert!(kept.get(&key(2)).is_ok());
    }

    #[test]
    fn what_is_used_all_the_time_outlives_what_is_used_once() {
        let kept = Kept(Sharded::default());
        keep(&kept, 1).unwrap();
        let mut lost = 0;
        for number in 0..100_000 {
            keep(&kept, number * 2 + 101);
            lost += u32::from(kept.get(&key(1)).is_err() && keep(&kept, 1).is_some());
        }
        assert_eq!(lost, 0);
    }

    #[test]
    fn a_shard_full_of_what_is_in_use_takes_nothing_more() {
        let kept = Kept(Sharded::default());
        for number in 0..100_000 {
            keep(&kept, number * 2);
        }
        assert_eq!(entries(&kept), PER_SHARD * SHARDS);
        assert!(keep(&kept, 200_000).is_none());
    }

    #[test]
    fn an_older_answer_is_not_put_back() {
        let kept = Kept(Sharded::default());
        let changes = kept.get(&key(1)).err().unwrap();
        kept.forget(&key(1));
        assert!(kept.keep(&key(1), Number(1), changes).is_err());
    }
}
