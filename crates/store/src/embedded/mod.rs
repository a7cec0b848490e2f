//! The embedded engine: one SQLite file in WAL mode with full synchronisation.
//!
//! One thread writes. It takes up to 64 queued batches into one SQLite transaction, a savepoint for each, and makes all
//! of them durable with one fsync. Reads run on the blocking threads of the runtime, over at most three read-only
//! connections that are opened when they are first needed.
//!
//! Invariant: an answer leaves the writer only after the transaction that it speaks of was committed or rolled back.

mod apply;
mod readers;
mod schema;
mod writer;

use crate::engine::{Batch, Engine, Entries, Observer, Range, Row};
use crate::{Key, Revision, StoreError};
use seal::KeyId;
use sqlite::{Access, Readers};
use std::path::Path;
use types::BoxFuture;
use writer::Writer;

/// SQLite behind the engine's contract.
pub struct SqliteEngine {
    writer: Writer,
    readers: Readers,
}

impl SqliteEngine {
    /// Opens the database file, which exists (an empty file is a new database), for data under this root key.
    ///
    /// # Errors
    /// [`StoreError::WrongRootKey`], [`StoreError::NewerSchema`], and what SQLite says.
    pub fn open(path: &Path, key_id: KeyId, observer: Observer) -> Result<Self, StoreError> {
        let mut connection = sqlite::connect(path, Access::Write)?;
        sqlite::migrate(&mut connection, schema::STEPS)?;
        sqlite::check_key(&connection, key_id)?;
        Ok(Self { writer: Writer::start(connection, observer)?, readers: Readers::new(path) })
    }
}

impl Engine for SqliteEngine {
    fn get<'a>(
        &'a self,
        table: &'static str,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        let key = key.clone();
        Box::pin(self.readers.run(move |connection| readers::get(connection, table, key)))
    }

    fn scan(&self, table: &'static str, range: Range) -> BoxFuture<'_, Result<Vec<Row>, StoreError>> {
        Box::pin(self.readers.run(move |connection| readers::scan(connection, table, &range)))
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Revision, StoreError>> {
        Box::pin(self.writer.commit(batch))
    }

    fn read_log(
        &self,
        log: &'static str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Entries, StoreError>> {
        Box::pin(self.readers.run(move |connection| readers::read_log(connection, log, after, limit)))
    }
}
