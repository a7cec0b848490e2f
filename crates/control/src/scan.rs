//! Every record of a table, or of one range of it, page by page.

use std::marker::PhantomData;
use store::records::{FunctionRecord, LayerVersionRecord, VersionRecord};
use store::{Key, Prefix, Record, Store, StoreError, Stored};

/// Records that one page reads: what is in memory at a time, and what is decoded before others get their turn.
const PAGE: usize = 200;

/// The pages that are still to come.
pub(crate) struct Pages<'s, R> {
    store: &'s Store,
    range: Prefix,
    after: Option<Key>,
    is_last: bool,
    _records: PhantomData<R>,
}

/// From the first function on.
pub(crate) fn functions(store: &Store) -> Pages<'_, FunctionRecord> {
    within(store, Prefix::all())
}

/// From the first published version of a function on.
pub(crate) fn versions(store: &Store) -> Pages<'_, VersionRecord> {
    within(store, Prefix::all())
}

/// From the first layer version on.
pub(crate) fn layer_versions(store: &Store) -> Pages<'_, LayerVersionRecord> {
    within(store, Prefix::all())
}

/// The records of a range.
pub(crate) fn within<R: Record>(store: &Store, range: Prefix) -> Pages<'_, R> {
    Pages { store, range, after: None, is_last: false, _records: PhantomData }
}

impl<R: Record> Pages<'_, R> {
    /// The next page; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Stored<R>>>, StoreError> {
        if self.is_last {
            return Ok(None);
        }
        let page = self.store.scan(&self.range, self.after.as_ref(), PAGE).await?;
        self.is_last = page.len() < PAGE;
        self.after = page.last().map(|stored| stored.key.clone());
        Ok(Some(page))
    }
}
