//! The way of records that no transaction carries: reads, refusals and failures, written in batches in the background.
//!
//! Bounds: 1,024 records wait at most; a call that finds no place waits for one before anything is decided about it.

use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError, Transaction};
use telemetry::audit::{LOG, Record};
use tokio::sync::mpsc;

/// Records that may wait for the background batch, the places of calls that run included.
const WAITING: usize = 1024;
/// Records that one commit takes.
const BATCH: usize = 256;
/// How often a batch is tried, one pause apart.
const TRIES: usize = 5;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The way of records that no transaction carries.
#[derive(Clone)]
pub struct AuditTrail {
    waiting: mpsc::Sender<Record>,
}

/// Room for one record in the trail.
pub(crate) struct Place(mpsc::OwnedPermit<Record>);

impl Place {
    pub(crate) fn fill(self, record: Record) {
        self.0.send(record);
    }
}

impl AuditTrail {
    /// The trail, and the background worker that writes it: it ends when all clones of the trail are gone and everything
    /// that waited is written.
    pub fn new(store: Arc<Store>) -> (Self, impl Future<Output = ()> + Send) {
        let (waiting, records) = mpsc::channel(WAITING);
        (Self { waiting }, write_batches(store, records))
    }

    /// Room for one record; `None` when the worker is gone: then nothing may be done that needs a record.
    pub(crate) async fn reserve(&self) -> Option<Place> {
        self.waiting.clone().reserve_owned().await.ok().map(Place)
    }
}

async fn write_batches(store: Arc<Store>, mut records: mpsc::Receiver<Record>) {
    let mut batch = Vec::with_capacity(BATCH);
    while records.recv_many(&mut batch, BATCH).await > 0 {
        if let Err(error) = write(&store, &batch).await {
            tracing::error!(%error, lost = batch.len(), "audit records could not be written");
        }
        batch.clear();
    }
}

async fn write(store: &Store, batch: &[Record]) -> Result<(), StoreError> {
    let mut tries = 1;
    loop {
        let mut transaction = Transaction::new();
        for record in batch {
            transaction.append(LOG, record);
        }
        match store.commit(transaction).await {
            Ok(_) => return Ok(()),
            Err(error) if tries == TRIES => return Err(error),
            Err(error) => tracing::warn!(%error, tries, "audit records could not be written yet"),
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}
