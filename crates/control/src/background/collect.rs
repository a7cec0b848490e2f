//! The worker that frees the space of code that nothing refers to any more.
//!
//! Several records can share one package, so nobody who deletes a record removes its package: it says that something may
//! be left over, and this worker sweeps. It also sweeps at the start, because a crash says nothing, and by period.

use super::sweep::sweep;
use crate::usage::Usage;
use std::sync::Arc;
use std::time::Duration;
use store::records::{FunctionRecord, LayerVersionRecord, VersionRecord};
use store::{Record, Store};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often everything is looked through, in case a signal was lost.
const PERIOD: Duration = Duration::from_secs(3600);
/// How long a sweep waits after the signal for it: what is left over meanwhile goes with it.
const GATHER: Duration = Duration::from_secs(1);
/// A pause is at least so many times as long as the sweep was: whatever the number of functions, sweeping takes at most a
/// twentieth of the time.
const PAUSE_PER_SWEEP: u32 = 19;

/// Says that a package may be left over. Clones are the same one; any number of signals that wait are one.
#[derive(Clone, Default)]
pub(crate) struct Garbage(Arc<Notify>);

impl Garbage {
    /// A package was replaced, or stored in vain.
    pub(crate) fn left(&self) {
        self.0.notify_one();
    }
}

/// The worker that sweeps.
pub struct Collector {
    store: Arc<Store>,
    usage: Arc<Usage>,
    garbage: Garbage,
}

impl Collector {
    /// A worker that hears of every deletion, and of what else its handle is told.
    pub(crate) fn new(store: &Arc<Store>, usage: Arc<Usage>, garbage: Garbage) -> Self {
        for table in [FunctionRecord::TABLE, VersionRecord::TABLE, LayerVersionRecord::TABLE] {
            let garbage = garbage.clone();
            store.subscribe(table, move |change| {
                if change.deleted {
                    garbage.left();
                }
            });
        }
        Self { store: Arc::clone(store), usage, garbage }
    }

    /// Works until the future is dropped.
    pub async fn run(self) {
        loop {
            let began = Instant::now();
            match sweep(&self.store).await {
                Ok((removed, found)) => {
                    self.usage.set_orphans(found.orphaned_bytes());
                    if removed > 0 {
                        tracing::info!(removed, "removed code packages that nothing refers to any more");
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "code packages that are no longer used could not be removed; trying again");
                }
            }
            tokio::time::sleep(began.elapsed() * PAUSE_PER_SWEEP).await;
            // A period that passes without a signal is as good a reason to look as one.
            let _ = tokio::time::timeout(PERIOD, self.garbage.0.notified()).await;
            tokio::time::sleep(GATHER).await;
        }
    }
}
