//! Audit records on their way to the store: inside a mutation's own transaction, or in a batch in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Store, Transaction};
use telemetry::audit::{LOG, Outcome, Record};
use tokio::sync::mpsc;

/// Records that may wait for the background batch. A caller waits while it is full.
const WAITING: usize = 1024;
/// Records that one commit takes.
const BATCH: usize = 256;

/// The audit record of one call, open until the call ends.
#[derive(Debug)]
pub struct AuditEntry {
    record: Record,
    taken: Arc<AtomicBool>,
}

impl AuditEntry {
    pub(crate) fn open(record: Record) -> (Self, OpenEntry) {
        let taken = Arc::new(AtomicBool::new(false));
        (Self { record: record.clone(), taken: Arc::clone(&taken) }, OpenEntry { record, taken })
    }

    /// Adds the record of this call's success to the transaction that carries it out. A handler that tries again after a
    /// conflict adds it to each transaction that it tries, and answers with success only after one was committed.
    pub fn succeed_in(&self, transaction: &mut Transaction) {
        transaction.append(LOG, &self.record);
        self.taken.store(true, Ordering::Release);
    }
}

/// The pipeline's own hold on a record, for when no transaction carries it.
pub(crate) struct OpenEntry {
    record: Record,
    taken: Arc<AtomicBool>,
}

impl OpenEntry {
    /// Closes a call that went well: written already when a transaction carried it.
    pub(crate) async fn succeeded(self, trail: &AuditTrail) {
        if !self.taken.load(Ordering::Acquire) {
            trail.add(self.record).await;
        }
    }

    /// Closes a call that was refused or failed.
    pub(crate) async fn failed(mut self, code: &str, message: &str, trail: &AuditTrail) {
        self.record.outcome =
            Outcome::Failed { error_code: code.to_owned(), error_message: message.to_owned() };
        trail.add(self.record).await;
    }
}

/// The way of records that no transaction carries: reads, refusals and failures.
#[derive(Clone)]
pub struct AuditTrail {
    waiting: mpsc::Sender<Record>,
}

impl AuditTrail {
    /// The trail, and the background worker that writes it: it ends when all clones of the trail are gone and everything
    /// that waited is written.
    pub fn new(store: Arc<Store>) -> (Self, impl Future<Output = ()> + Send) {
        let (waiting, records) = mpsc::channel(WAITING);
        (Self { waiting }, write_batches(store, records))
    }

    async fn add(&self, record: Record) {
        // The receiver lives as long as any sender: an error means that the process is ending.
        if self.waiting.send(record).await.is_err() {
            tracing::warn!("an audit record came after the trail was closed");
        }
    }
}

async fn write_batches(store: Arc<Store>, mut records: mpsc::Receiver<Record>) {
    let mut batch = Vec::with_capacity(BATCH);
    while records.recv_many(&mut batch, BATCH).await > 0 {
        let mut transaction = Transaction::new();
        for record in batch.drain(..) {
            transaction.append(LOG, &record);
        }
        if let Err(error) = store.commit(transaction).await {
            tracing::error!(%error, "audit records could not be written");
        }
    }
}
