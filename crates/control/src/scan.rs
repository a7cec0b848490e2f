//! Every function of every account, page by page.

use store::records::FunctionRecord;
use store::{Key, Prefix, Store, StoreError, Stored};

/// Records that one page reads: what is in memory at a time.
const PAGE: usize = 1000;

/// The pages that are still to come.
pub(crate) struct Pages<'s> {
    store: &'s Store,
    after: Option<Key>,
    is_last: bool,
}

/// From the first function on.
pub(crate) fn functions(store: &Store) -> Pages<'_> {
    Pages { store, after: None, is_last: false }
}

impl Pages<'_> {
    /// The next page; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Stored<FunctionRecord>>>, StoreError> {
        if self.is_last {
            return Ok(None);
        }
        let page = self.store.scan(&Prefix::all(), self.after.as_ref(), PAGE).await?;
        self.is_last = page.len() < PAGE;
        self.after = page.last().map(|stored| stored.key.clone());
        Ok(Some(page))
    }
}
