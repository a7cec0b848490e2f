//! Every record of a table, of every account, page by page.

use std::marker::PhantomData;
use store::records::{FunctionRecord, LayerVersionRecord, VersionRecord};
use store::{Key, Prefix, Record, Store, StoreError, Stored};

/// Records that one page reads: what is in memory at a time, and what is decoded before others get their turn.
const PAGE: usize = 200;

/// The pages that are still to come.
pub(crate) struct Pages<'s, R> {
    store: &'s Store,
    after: Option<Key>,
    is_last: bool,
    _records: PhantomData<R>,
}

/// From the first function on.
pub(crate) fn functions(store: &Store) -> Pages<'_, FunctionRecord> {
    Pages::new(store)
}

/// From the first published version of a function on.
pub(crate) fn versions(store: &Store) -> Pages<'_, VersionRecord> {
    Pages::new(store)
}

/// From the first layer version on.
pub(crate) fn layer_versions(store: &Store) -> Pages<'_, LayerVersionRecord> {
    Pages::new(store)
}

impl<'s, R: Record> Pages<'s, R> {
    fn new(store: &'s Store) -> Self {
        Self { store, after: None, is_last: false, _records: PhantomData }
    }

    /// The next page; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Stored<R>>>, StoreError> {
        if self.is_last {
            return Ok(None);
        }
        let page = self.store.scan(&Prefix::all(), self.after.as_ref(), PAGE).await?;
        self.is_last = page.len() < PAGE;
        self.after = page.last().map(|stored| stored.key.clone());
        Ok(Some(page))
    }
}
