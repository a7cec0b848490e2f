//! One command on its way through the writer: applied within a group's transaction, answered after its commit.

use super::ledger::Ledger;
use crate::QueueError;
use rusqlite::Connection;
use sqlite::DatabaseError;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// What a command does to the database. It can't refuse: what could be refused was checked before it was handed over,
/// so that an error is SQLite's.
pub(super) trait Apply: Send + 'static {
    /// What it answers.
    type Output: Send + 'static;

    /// Bytes that it carries.
    fn weight(&self) -> usize {
        0
    }

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<Self::Output>;
}

/// A command without its type.
pub(super) trait Step: Send {
    /// May be called again after the transaction was rolled back.
    fn apply(&mut self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>);
}

/// A command, who waits for it, and what it comes to.
pub(super) struct Pending<C: Apply> {
    pub(super) command: C,
    pub(super) output: Option<C::Output>,
    pub(super) answer: oneshot::Sender<Result<C::Output, QueueError>>,
    /// Its part of the bytes that may wait.
    pub(super) _room: OwnedSemaphorePermit,
}

impl<C: Apply> Step for Pending<C> {
    fn apply(&mut self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
        self.output = Some(self.command.apply(connection, ledger)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>) {
        let Self { output, answer, .. } = *self;
        let output = committed.and_then(|()| output.ok_or(DatabaseError::Closed));
        // Nobody may be waiting any more; what was done stands all the same.
        let _ = answer.send(output.map_err(QueueError::from));
    }
}
