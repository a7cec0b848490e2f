//! A store in a folder of its own, and two kinds of record.

use crate::engines::{self, Open};
use seal::{RootKey, Sealer};
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use store::{Commit, Key, Record, Store, StoreError, Stored, Transaction};
use tempfile::TempDir;

/// A data directory that can be opened and closed.
pub(crate) struct Fixture {
    dir: TempDir,
    pub(crate) sealer: Arc<Sealer>,
    open: Open,
}

impl Fixture {
    pub(crate) fn new(open: Open) -> Self {
        let sealer = Sealer::new(RootKey::generate().unwrap()).unwrap();
        Self { dir: tempfile::tempdir().unwrap(), sealer: Arc::new(sealer), open }
    }

    pub(crate) fn opened(open: Open) -> Opened {
        let fixture = Self::new(open);
        Opened { store: fixture.open(), _fixture: fixture }
    }

    pub(crate) fn sqlite() -> Self {
        Self::new(engines::sqlite)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Store, StoreError> {
        (self.open)(self.path(), Arc::clone(&self.sealer))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) text: String,
}

impl Record for Note {
    const TABLE: &'static str = "notes";
    const VERSION: u16 = 1;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter(pub(crate) u64);

impl Record for Counter {
    const TABLE: &'static str = "counters";
    const VERSION: u16 = 1;
}

pub(crate) fn note(text: impl Into<String>) -> Note {
    Note { text: text.into() }
}

pub(crate) fn key(text: &str) -> Key {
    Key::of(text.split('/')).unwrap()
}

/// A store that is used without being closed in between.
pub(crate) struct Opened {
    store: Store,
    _fixture: Fixture,
}

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Commits a chain of operations: `commit!(store, put(&key, &note).append("log", &1))`.
macro_rules! commit {
    ($store:expr, $($operations:tt)+) => {{
        let mut transaction = store::Transaction::new();
        transaction.$($operations)+;
        $store.commit(transaction).await
    }};
}
pub(crate) use commit;

/// Commits what `fill` puts into a transaction.
pub(crate) async fn commit_filled(
    store: &Store,
    fill: impl FnOnce(&mut Transaction),
) -> Result<Commit, StoreError> {
    let mut transaction = Transaction::new();
    fill(&mut transaction);
    store.commit(transaction).await
}

pub(crate) async fn text(store: &Store, at: &str) -> Option<String> {
    let found: Option<Stored<Note>> = store.get(&key(at)).await.unwrap();
    found.map(|stored| stored.value.text)
}

#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, table: &str, at: &str) {
    match result {
        Err(StoreError::Conflict { table: found, key: found_key }) => {
            assert_eq!((found, found_key.as_str()), (table, key(at).as_str()));
        }
        other => panic!("no conflict: {other:?}"),
    }
}
