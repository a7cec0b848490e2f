//! Idle environments, by function; the one that was used last is used next.
//!
//! Invariant: an environment serves only the revision of code and configuration that it was made from.

use crate::admission::Running;
use crate::sharded::Sharded;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Key;
use tokio::time::Instant;
use types::{AccountId, RevisionId};
use worker::Environment;

/// The pools of all functions. Bounded by the functions that ran within the idle time: the reaper drops empty ones.
pub(crate) struct Pools {
    by_function: Sharded<Arc<Pool>>,
}

/// What one function has at hand.
#[derive(Default)]
pub(crate) struct Pool {
    /// Its running invocations.
    pub(crate) running: Arc<Running>,
    /// Bounded by the worker's limit of environments. The one that was used last stands at the end.
    idle: Mutex<Vec<Idle>>,
    /// Goes up with each change of the function: what is older is not put back.
    changes: AtomicU64,
}

/// The state of a function's pool before an invocation read the function's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age(u64);

struct Idle {
    environment: Environment,
    revision: RevisionId,
    since: Instant,
}

impl Pools {
    pub(crate) fn new() -> Self {
        Self { by_function: Sharded::new() }
    }

    /// The pool of a function.
    pub(crate) fn of(&self, key: &Key) -> Arc<Pool> {
        if let Some(pool) = self.by_function.read(key).get(key) {
            return Arc::clone(pool);
        }
        Arc::clone(self.by_function.write(key).entry(key.clone()).or_default())
    }

    /// The function changed: its idle environments are of no more use.
    pub(crate) fn retire(&self, key: &Key) {
        let pool = self.by_function.read(key).get(key).cloned();
        if let Some(pool) = pool {
            let mut idle = pool.lock();
            pool.changes.fetch_add(1, Ordering::SeqCst);
            let ended = std::mem::take(&mut *idle);
            drop(idle);
            drop(ended);
        }
    }

    /// Ends environments that were idle for `longest`, and forgets pools that hold nothing.
    pub(crate) fn reap(&self, longest: Duration, now: Instant) {
        for mut shard in self.by_function.each() {
            shard.retain(|_, pool| {
                let ended = pool.take_older(longest, now);
                drop(ended);
                !pool.lock().is_empty() || pool.running.any()
            });
        }
    }

    /// Takes the environment that was idle for the longest time: of one account's functions, or of all.
    pub(crate) fn take_oldest(&self, account: Option<AccountId>) -> Option<Environment> {
        let belongs = |key: &Key| account.is_none_or(|a| key.segments().next() == Some(a.as_str()));
        loop {
            let pools = self.by_function.each().flat_map(|shard| {
                shard
                    .iter()
                    .filter(|(key, _)| belongs(key))
                    .map(|(_, pool)| Arc::clone(pool))
                    .collect::<Vec<_>>()
            });
            let oldest = pools.filter_map(|pool| pool.oldest().map(|since| (since, pool)));
            let (_, pool) = oldest.min_by_key(|(since, _)| *since)?;
            // `None` where an invocation took it a moment ago: another one is the oldest then.
            if let Some(environment) = pool.take_oldest() {
                return Some(environment);
            }
        }
    }

    /// Everything that is idle, for the end.
    pub(crate) fn clear(&self) {
        for mut shard in self.by_function.each() {
            shard.clear();
        }
    }
}

impl Pool {
    /// An idle environment of this revision. Those of other revisions, and dead ones, are dropped on the way.
    pub(crate) fn take(&self, revision: RevisionId) -> Option<Environment> {
        let mut unfit = Vec::new();
        let mut idle = self.lock();
        while let Some(last) = idle.pop() {
            if last.revision == revision && last.environment.is_reusable() {
                return Some(last.environment);
            }
            unfit.push(last);
        }
        drop(idle);
        None
    }

    /// To be asked for before the function's record is read.
    pub(crate) fn age(&self) -> Age {
        Age(self.changes.load(Ordering::SeqCst))
    }

    /// Puts an environment back after a clean end; it ends where the function has changed since `age`.
    pub(crate) fn give_back(&self, environment: Environment, revision: RevisionId, age: Age) {
        let mut idle = self.lock();
        if self.age() == age {
            idle.push(Idle { environment, revision, since: Instant::now() });
        }
    }

    fn take_older(&self, longest: Duration, now: Instant) -> Vec<Idle> {
        let mut idle = self.lock();
        let young = idle.partition_point(|i| now.saturating_duration_since(i.since) >= longest);
        idle.drain(..young).collect()
    }

    fn oldest(&self) -> Option<Instant> {
        self.lock().first().map(|idle| idle.since)
    }

    fn take_oldest(&self) -> Option<Environment> {
        let mut idle = self.lock();
        if idle.is_empty() { None } else { Some(idle.remove(0).environment) }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
