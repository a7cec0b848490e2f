//! The data plane's view of functions: read from the store once, dropped when the change feed says that they changed.
//!
//! Invariant: what a commit changed is not served after the commit was answered. A look-up that began before the change
//! can't put its older answer back.

use crate::messages;
use crate::sharded::Sharded;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::records::FunctionRecord;
use store::{Key, Record, Store};
use types::ServiceError;

/// Functions that one shard keeps; beyond it the shard starts afresh.
const PER_SHARD: usize = 4096;

/// The cache of functions.
pub(crate) struct Functions {
    store: Arc<Store>,
    cache: Arc<Cache>,
}

struct Cache {
    known: Sharded<Arc<FunctionRecord>>,
    generation: AtomicU64,
}

impl Functions {
    /// A cache over the store, kept right by its change feed.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let cache = Arc::new(Cache { known: Sharded::new(), generation: AtomicU64::new(0) });
        let forgetting = Arc::clone(&cache);
        store.subscribe(FunctionRecord::TABLE, move |change| forgetting.forget(&change.key));
        Self { store, cache }
    }

    /// The function at this place, if there is one.
    pub(crate) async fn find(&self, key: &Key) -> Result<Option<Arc<FunctionRecord>>, ServiceError> {
        let known = self.cache.known.read(key).get(key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let generation = self.cache.generation.load(Ordering::SeqCst);
        let stored = self.store.get::<FunctionRecord>(key).await.map_err(messages::failed)?;
        let Some(stored) = stored else { return Ok(None) };
        let record = Arc::new(stored.value);
        self.cache.remember(key, &record, generation);
        Ok(Some(record))
    }
}

impl Cache {
    fn forget(&self, key: &Key) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.known.write(key).remove(key);
    }

    fn remember(&self, key: &Key, record: &Arc<FunctionRecord>, generation: u64) {
        let mut shard = self.known.write(key);
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if shard.len() == PER_SHARD {
            shard.clear();
        }
        shard.insert(key.clone(), Arc::clone(record));
    }
}
