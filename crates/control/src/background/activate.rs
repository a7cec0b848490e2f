//! The worker that makes functions ready: `Pending` becomes `Active`, `InProgress` becomes `Successful`.
//!
//! A handler's own commit leaves the function in the transient state; this worker's next commit ends it. What a crash left
//! in between is found by the scan at the start, and what a full queue or a failing store left by another scan.
//!
//! Invariant: a function whose signal was taken does not wait for a scan, however many functions there are.

use crate::scan;
use std::sync::Arc;
use std::time::Duration;
use store::records::{FunctionRecord, FunctionState, UpdateStatus};
use store::{Key, Store, StoreError, Stored, Transaction};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// Signals that may wait; what doesn't fit is found by a scan.
const SIGNALS: usize = 4096;
/// How long the next scan waits at least: what is missed meanwhile goes with it.
const GATHER: Duration = Duration::from_secs(5);
/// A pause is at least so many times as long as the scan was.
const PAUSE_PER_SCAN: u32 = 9;

/// The worker that settles functions.
pub struct Activation {
    store: Arc<Store>,
    signals: mpsc::Receiver<Key>,
    /// A function may be unsettled of which nobody hears any more.
    missed: Arc<Notify>,
}

impl Activation {
    /// A worker that hears of every change of a function.
    pub fn new(store: &Arc<Store>) -> Self {
        let (signal, signals) = mpsc::channel(SIGNALS);
        let missed = Arc::new(Notify::new());
        let missing = Arc::clone(&missed);
        store.subscribe(<FunctionRecord as store::Record>::TABLE, move |change| {
            if !change.deleted && signal.try_send(change.key.clone()).is_err() {
                missing.notify_one();
            }
        });
        Self { store: Arc::clone(store), signals, missed }
    }

    /// Works until the future is dropped.
    pub async fn run(self) {
        let Self { store, signals, missed } = self;
        let work = Settling { store, missed };
        tokio::join!(work.follow(signals), work.scan());
    }
}

struct Settling {
    store: Arc<Store>,
    missed: Arc<Notify>,
}

impl Settling {
    async fn follow(&self, mut signals: mpsc::Receiver<Key>) {
        while let Some(key) = signals.recv().await {
            if let Err(error) = self.settle_key(&key).await {
                self.failed(&error);
            }
        }
    }

    async fn scan(&self) {
        loop {
            let began = Instant::now();
            if let Err(error) = self.settle_all().await {
                self.failed(&error);
            }
            let pause = began.elapsed() * PAUSE_PER_SCAN;
            tokio::time::sleep(pause).await;
            self.missed.notified().await;
            tokio::time::sleep(GATHER).await;
        }
    }

    fn failed(&self, error: &StoreError) {
        tracing::error!(%error, "functions could not be made active; trying again");
        self.missed.notify_one();
    }

    async fn settle_all(&self) -> Result<(), StoreError> {
        let mut pages = scan::functions(&self.store);
        while let Some(page) = pages.next().await? {
            for stored in &page {
                self.settle(stored).await?;
            }
        }
        Ok(())
    }

    async fn settle_key(&self, key: &Key) -> Result<(), StoreError> {
        match self.store.get::<FunctionRecord>(key).await? {
            Some(stored) => self.settle(&stored).await,
            None => Ok(()),
        }
    }

    async fn settle(&self, stored: &Stored<FunctionRecord>) -> Result<(), StoreError> {
        if stored.value.is_settled() {
            return Ok(());
        }
        let settled = FunctionRecord {
            state: FunctionState::Active,
            last_update: UpdateStatus::Successful,
            ..stored.value.clone()
        };
        let mut transaction = Transaction::new();
        transaction.replace(&stored.key, &settled, stored.revision);
        match self.store.commit(transaction).await {
            // Somebody else changed or removed it: that commit gave a signal of its own.
            Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
