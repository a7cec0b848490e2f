//! Who waits for messages, and is woken when there may be some.
//!
//! Memory is bounded by those who wait: a lane that nobody watches is not in here, and a watcher of many lanes holds the
//! name of each lane at most once.

use crate::LaneName;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Notify;

/// All who wait.
#[derive(Default)]
pub(crate) struct Waiters {
    lanes: Mutex<HashMap<LaneName, Weak<Bell>>>,
    prefixes: Mutex<Vec<Weak<Collected>>>,
}

/// Rings for everybody who waits for one lane.
#[derive(Default)]
struct Bell {
    rung: Notify,
    count: Mutex<u64>,
}

struct Collected {
    prefix: String,
    names: Mutex<BTreeSet<LaneName>>,
    rung: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiters {
    pub(crate) fn lane(self: &Arc<Self>, lane: &LaneName) -> Arrivals {
        let mut lanes = lock(&self.lanes);
        let bell = lanes.get(lane).and_then(Weak::upgrade).unwrap_or_else(|| {
            let bell = Arc::<Bell>::default();
            lanes.insert(lane.clone(), Arc::downgrade(&bell));
            bell
        });
        drop(lanes);
        let seen = *lock(&bell.count);
        Arrivals { bell: Some(bell), seen, lane: lane.clone(), waiters: Arc::clone(self) }
    }

    pub(crate) fn prefix(&self, prefix: &str) -> LaneArrivals {
        let collected = Collected { prefix: prefix.to_owned(), names: Mutex::default(), rung: Notify::new() };
        let collected = Arc::new(collected);
        let mut prefixes = lock(&self.prefixes);
        prefixes.retain(|one| one.strong_count() > 0);
        prefixes.push(Arc::downgrade(&collected));
        LaneArrivals(collected)
    }

    /// Something may be there for those who wait for this lane, or sooner than they thought.
    pub(crate) fn ring(&self, lane: &LaneName) {
        let bell = lock(&self.lanes).get(lane).and_then(Weak::upgrade);
        if let Some(bell) = bell {
            *lock(&bell.count) += 1;
            bell.rung.notify_waiters();
        }
        let prefixes: Vec<_> = lock(&self.prefixes).iter().filter_map(Weak::upgrade).collect();
        for collected in prefixes.iter().filter(|one| lane.as_str().starts_with(&one.prefix)) {
            lock(&collected.names).insert(lane.clone());
            collected.rung.notify_one();
        }
    }

    /// Forgets the lane if this was its last watcher.
    fn leave(&self, lane: &LaneName, bell: Arc<Bell>) {
        let mut lanes = lock(&self.lanes);
        drop(bell);
        if lanes.get(lane).is_some_and(|bell| bell.strong_count() == 0) {
            lanes.remove(lane);
        }
    }

    #[cfg(test)]
    fn watched(&self) -> usize {
        lock(&self.lanes).len()
    }
}

/// Wakes who waits for one lane. Get it before looking (taking) and wait on it after: what comes in between is not
/// missed. It tells of what happens, not of time: who waits for what is delayed sleeps until `next_due` too.
pub struct Arrivals {
    bell: Option<Arc<Bell>>,
    seen: u64,
    lane: LaneName,
    waiters: Arc<Waiters>,
}

impl Arrivals {
    /// Returns when something happened since the last return (or since this was made) that may let a message be taken,
    /// or let one be due sooner. Cancelling it loses nothing.
    pub async fn changed(&mut self) {
        let Some(bell) = &self.bell else { return };
        loop {
            let rung = bell.rung.notified();
            let count = *lock(&bell.count);
            if count != self.seen {
                self.seen = count;
                return;
            }
            rung.await;
        }
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        if let Some(bell) = self.bell.take() {
            self.waiters.leave(&self.lane, bell);
        }
    }
}

/// Wakes a poller of all lanes with a prefix, and says which lanes to look at.
pub struct LaneArrivals(Arc<Collected>);

impl LaneArrivals {
    /// The lanes in which something happened since the last return; waits until there is one. Cancelling it loses
    /// nothing.
    pub async fn next(&mut self) -> BTreeSet<LaneName> {
        loop {
            let names = std::mem::take(&mut *lock(&self.0.names));
            if !names.is_empty() {
                return names;
            }
            self.0.rung.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    fn lane(text: &str) -> LaneName {
        LaneName::standard(text).unwrap()
    }

    async fn comes(arrivals: &mut Arrivals) -> bool {
        timeout(Duration::from_millis(20), arrivals.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn what_comes_between_looking_and_waiting_is_not_missed() {
        let waiters = Arc::<Waiters>::default();
        let (mut first, mut second) = (waiters.lane(&lane("a")), waiters.lane(&lane("a")));
        waiters.ring(&lane("b"));
        assert!(!comes(&mut first).await);
        waiters.ring(&lane("a"));
        assert!(comes(&mut first).await && comes(&mut second).await);
        assert!(!comes(&mut first).await, "told once");
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_lane_that_nobody_watches() {
        let waiters = Arc::<Waiters>::default();
        let (first, mut second) = (waiters.lane(&lane("a")), waiters.lane(&lane("a")));
        assert!(!comes(&mut second).await);
        drop(first);
        assert_eq!(waiters.watched(), 1);
        waiters.ring(&lane("a"));
        assert!(comes(&mut second).await);
        drop(second);
        assert_eq!(waiters.watched(), 0);
    }

    #[tokio::test]
    async fn a_poller_hears_of_each_lane_once() {
        let waiters = Arc::<Waiters>::default();
        let mut all = waiters.prefix("event/");
        for name in ["event/1", "sqs/1", "event/2", "event/1"] {
            waiters.ring(&lane(name));
        }
        assert_eq!(all.next().await, BTreeSet::from([lane("event/1"), lane("event/2")]));
        let more = timeout(Duration::from_millis(20), all.next()).await;
        assert!(more.is_err());
        drop(all);
        waiters.ring(&lane("event/3"));
    }
}
