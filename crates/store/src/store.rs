//! The store: sealing above an engine, subscribers, and the blob area.

use crate::directory::DataDirectory;
use crate::engine::{Engine, Observer, Order, Range};
use crate::feed::{Change, Feed};
use crate::transaction::Transaction;
use crate::{Blobs, Key, Prefix, Record, Revision, SqliteEngine, StoreError, Stored, codec};
use seal::Sealer;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;

/// One data directory, open. While it is open, no other process can open it.
///
/// When it is dropped, what was handed to [`Store::commit`] is still carried out, and the drop waits for it.
pub struct Store {
    engine: Arc<dyn Engine>,
    sealer: Arc<Sealer>,
    feed: Feed,
    blobs: Blobs,
    /// Dropped last: it holds the lock on the data directory.
    _directory: DataDirectory,
}

/// What a commit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// Its number, which is the revision of every record that it wrote.
    pub revision: Revision,
}

impl Store {
    /// Takes the data directory and opens it with the embedded engine.
    ///
    /// # Errors
    /// As for [`DataDirectory::open`] and [`Store::open_in`].
    pub fn open(dir: &Path, sealer: Arc<Sealer>) -> Result<Self, StoreError> {
        Self::open_in(DataDirectory::open(dir)?, sealer)
    }

    /// Opens a data directory that this process has taken, with the embedded engine.
    ///
    /// # Errors
    /// [`StoreError::WrongRootKey`], [`StoreError::NewerSchema`], and what the disk says.
    pub fn open_in(directory: DataDirectory, sealer: Arc<Sealer>) -> Result<Self, StoreError> {
        Self::open_taken(directory, sealer, |database, key_id, observer| {
            SqliteEngine::open(database, key_id, observer).map(|engine| Arc::new(engine) as Arc<dyn Engine>)
        })
    }

    /// Opens the data directory with the engine that `engine` makes. It gets the path of `lambent.db`, the id of the
    /// root key (an engine keeps it and refuses another), and the observer of all changes.
    ///
    /// # Errors
    /// As for [`Store::open`], and what `engine` says.
    pub fn open_with(
        dir: &Path,
        sealer: Arc<Sealer>,
        engine: impl FnOnce(&Path, seal::KeyId, Observer) -> Result<Arc<dyn Engine>, StoreError>,
    ) -> Result<Self, StoreError> {
        Self::open_taken(DataDirectory::open(dir)?, sealer, engine)
    }

    fn open_taken(
        directory: DataDirectory,
        sealer: Arc<Sealer>,
        engine: impl FnOnce(&Path, seal::KeyId, Observer) -> Result<Arc<dyn Engine>, StoreError>,
    ) -> Result<Self, StoreError> {
        sqlite::make_file(&directory.database())?;
        let feed = Feed::default();
        let observer: Observer = {
            let feed = feed.clone();
            Box::new(move |change| feed.deliver(change))
        };
        let engine = engine(&directory.database(), sealer.key_id(), observer)?;
        let blobs = Blobs::open(&directory.blobs(), Arc::clone(&sealer))?;
        Ok(Self { engine, sealer, feed, blobs, _directory: directory })
    }

    /// One record, or `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where the record can't be read, and what the engine says.
    pub async fn get<R: Record>(&self, key: &Key) -> Result<Option<Stored<R>>, StoreError> {
        let row = self.engine.get(R::TABLE, key).await?;
        row.map(|row| codec::open(&self.sealer, row)).transpose()
    }

    /// At most `limit` records whose keys begin with `prefix`, in the order of their keys, those after `after` only.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the first record that can't be read; a scan after its key gives the rest.
    pub async fn scan<R: Record>(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored<R>>, StoreError> {
        self.range(prefix, after, Order::Ascending, limit).await
    }

    /// The same from the largest key down, those before `before` only.
    ///
    /// # Errors
    /// As for [`Store::scan`].
    pub async fn scan_reverse<R: Record>(
        &self,
        prefix: &Prefix,
        before: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored<R>>, StoreError> {
        self.range(prefix, before, Order::Descending, limit).await
    }

    async fn range<R: Record>(
        &self,
        prefix: &Prefix,
        beyond: Option<&Key>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Stored<R>>, StoreError> {
        let range = Range { prefix: prefix.clone(), beyond: beyond.cloned(), order, limit };
        let rows = self.engine.scan(R::TABLE, range).await?;
        rows.into_iter().map(|row| codec::open(&self.sealer, row)).collect()
    }

    /// Commits a transaction. When this returns `Ok`, it is durable and all subscribers know of it. When the caller
    /// stops waiting, it is committed or not, as if the answer had been lost.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a record is not as the transaction requires; see there for the others.
    pub async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let batch = transaction.seal(&self.sealer)?;
        let revision = self.engine.commit(batch).await?;
        Ok(Commit { revision })
    }

    /// Calls `f` for each change of a table, in the order of the commits, before the answer to the commit is given.
    ///
    /// `f` runs on the thread that commits: it must be quick and must not wait for this store.
    pub fn subscribe(&self, table: &'static str, f: impl Fn(&Change) + Send + Sync + 'static) {
        self.feed.subscribe(table, Arc::new(f));
    }

    /// Entries of a log after position `after` (0: from the beginning), at most `limit`, in order, with their positions.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the first entry that can't be read.
    pub async fn read_log<T: DeserializeOwned>(
        &self,
        log: &'static str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, T)>, StoreError> {
        let entries = self.engine.read_log(log, after, limit).await?;
        let open = |(position, sealed): (u64, Vec<u8>)| {
            Ok((position, codec::open_entry(&self.sealer, log, position, &sealed)?))
        };
        entries.into_iter().map(open).collect()
    }

    /// The blob area.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}
