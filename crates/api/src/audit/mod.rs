//! The audit record of a call: opened before anything is decided, closed when the call ends.
//!
//! A mutation carries its record in its own transaction. Every other record goes into the [`AuditTrail`], where its
//! place is reserved while the record is opened: closing never waits, so that a client that goes away at any moment
//! leaves its record behind.
//!
//! Invariant: no answer to a call leaves before the call's record is committed or stands in the trail.

mod record;
mod trail;

use record::bounded_message;
pub(crate) use record::{Origin, bounded_parameters, bounded_resource, origin, resource_of_data};
pub use trail::AuditTrail;
pub(crate) use trail::Place;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Transaction;
use telemetry::audit::{LOG, Outcome, Record};

/// The audit record of one call, open until the call ends.
#[derive(Debug)]
pub struct AuditEntry {
    record: Option<Arc<Record>>,
    taken: Arc<AtomicBool>,
}

impl AuditEntry {
    /// The entry of a data event, whose success leaves no record.
    pub(crate) fn of_data_event() -> Self {
        Self { record: None, taken: Arc::default() }
    }

    pub(crate) fn open(record: Record, place: Place) -> (Self, OpenEntry) {
        let (record, taken) = (Arc::new(record), Arc::new(AtomicBool::new(false)));
        let open = OpenEntry { record: Arc::clone(&record), taken: Arc::clone(&taken), place: Some(place) };
        (Self { record: Some(record), taken }, open)
    }

    /// Adds the record of this call's success to the transaction that carries it out. A handler that tries again after a
    /// conflict adds it to each transaction that it tries, and answers with success only after one was committed.
    pub fn succeed_in(&self, transaction: &mut Transaction) {
        let Some(record) = &self.record else { return };
        transaction.append(LOG, &**record);
        self.taken.store(true, Ordering::Release);
    }
}

/// The pipeline's own hold on a record, for when no transaction carries it.
pub(crate) struct OpenEntry {
    record: Arc<Record>,
    taken: Arc<AtomicBool>,
    place: Option<Place>,
}

impl OpenEntry {
    /// Closes a call that went well: written already when a transaction carried it.
    pub(crate) fn succeeded(mut self) {
        let place = self.place.take();
        if !self.taken.load(Ordering::Acquire)
            && let Some(place) = place
        {
            place.fill(Record::clone(&self.record));
        }
    }

    /// Closes a call that was refused or failed.
    pub(crate) fn failed(mut self, code: &str, message: &str) {
        self.close(code, message);
    }

    fn close(&mut self, code: &str, message: &str) {
        let Some(place) = self.place.take() else { return };
        let mut record = Record::clone(&self.record);
        record.outcome =
            Outcome::Failed { error_code: code.to_owned(), error_message: bounded_message(message) };
        place.fill(record);
    }
}

/// The client went away. Where a transaction carries the record, the record is there if and only if the change is.
impl Drop for OpenEntry {
    fn drop(&mut self) {
        if !self.taken.load(Ordering::Acquire) {
            self.close("ClientDisconnected", "The client went away before the answer.");
        }
    }
}
