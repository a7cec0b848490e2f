//! State that many threads read and few write: in shards, so that functions don't meet in one lock.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use store::Key;

/// More shards than there are processors, so that they seldom meet.
pub(crate) const SHARDS: usize = 64;

/// One `S` for each part of the keys.
pub(crate) struct Sharded<S> {
    shards: [RwLock<S>; SHARDS],
}

impl<S: Default> Default for Sharded<S> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl<S> Sharded<S> {
    /// The shard of a key, to read.
    pub(crate) fn read(&self, key: &Key) -> RwLockReadGuard<'_, S> {
        self.shard(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shard of a key, to write.
    pub(crate) fn write(&self, key: &Key) -> RwLockWriteGuard<'_, S> {
        self.shard(key).write().unwrap_or_else(PoisonError::into_inner)
    }

    /// All shards, one after the other, to read.
    pub(crate) fn each(&self) -> impl Iterator<Item = RwLockReadGuard<'_, S>> {
        self.shards.iter().map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All shards, one after the other, to write.
    pub(crate) fn each_mut(&self) -> impl Iterator<Item = RwLockWriteGuard<'_, S>> {
        self.shards.iter().map(|shard| shard.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// FNV-1a. Names are chosen by customers, but a crowded shard only makes neighbours wait for a moment.
    fn shard(&self, key: &Key) -> &RwLock<S> {
        let hash = key.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        &self.shards[(hash % SHARDS as u64) as usize]
    }
}
