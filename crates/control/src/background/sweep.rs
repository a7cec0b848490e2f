//! The sweep at the start: code packages that no function refers to are removed. A crash between storing a package and
//! committing its function leaves one behind.

use crate::scan;
use std::collections::HashSet;
use store::{Store, StoreError};

/// Removes what is left over, and tells how many packages that were. Safe at any time.
///
/// # Errors
/// When the store can't be read, or a package can't be removed.
pub async fn sweep_code(store: &Store) -> Result<usize, StoreError> {
    let sweep = store.blobs().begin_sweep().await?;
    let mut live = HashSet::new();
    let mut pages = scan::functions(store);
    while let Some(page) = pages.next().await? {
        live.extend(page.iter().map(|stored| stored.value.code.blob));
    }
    sweep.finish(live).await
}
