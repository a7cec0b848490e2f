//! The worker that makes functions ready: `Pending` becomes `Active`, `InProgress` becomes `Successful`.
//!
//! A handler's own commit leaves the function in the transient state; this worker's next commit ends it. What a crash
//! left in between is found by the scan at the start and by each period.

use crate::scan;
use std::sync::Arc;
use std::time::Duration;
use store::records::{FunctionRecord, FunctionState, UpdateStatus};
use store::{Key, Store, StoreError, Stored, Transaction};
use tokio::sync::mpsc;

/// Signals that may wait; what doesn't fit is found by the next period.
const SIGNALS: usize = 4096;
/// How often everything is looked through, in case a signal was lost.
const PERIOD: Duration = Duration::from_secs(60);

/// The worker that settles functions.
pub struct Activation {
    store: Arc<Store>,
    signals: mpsc::Receiver<Key>,
}

impl Activation {
    /// A worker that hears of every change of a function.
    pub fn new(store: &Arc<Store>) -> Self {
        let (signal, signals) = mpsc::channel(SIGNALS);
        store.subscribe(<FunctionRecord as store::Record>::TABLE, move |change| {
            if !change.deleted && signal.try_send(change.key.clone()).is_err() {
                tracing::debug!("a function is settled by the next period: too many changes at once");
            }
        });
        Self { store: Arc::clone(store), signals }
    }

    /// Works until the future is dropped.
    pub async fn run(mut self) {
        let mut period = tokio::time::interval(PERIOD);
        loop {
            let done = tokio::select! {
                Some(key) = self.signals.recv() => self.settle_key(&key).await,
                _ = period.tick() => self.settle_all().await,
            };
            if let Err(error) = done {
                tracing::error!(%error, "functions could not be made active; trying again within a minute");
            }
        }
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
