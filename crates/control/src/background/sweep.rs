//! The sweep at the start: code packages that no function refers to are removed. A crash between storing a package and
//! committing its function leaves one behind.

use std::collections::HashSet;
use store::records::FunctionRecord;
use store::{Key, Prefix, Store, StoreError};

/// Records that one scan step reads.
const STEP: usize = 1000;

/// Removes what is left over, and tells how many packages that were. Safe at any time.
///
/// # Errors
/// When the store can't be read, or a package can't be removed.
pub async fn sweep_code(store: &Store) -> Result<usize, StoreError> {
    let sweep = store.blobs().begin_sweep().await?;
    let mut live = HashSet::new();
    let mut after: Option<Key> = None;
    loop {
        let page = store.scan::<FunctionRecord>(&Prefix::all(), after.as_ref(), STEP).await?;
        live.extend(page.iter().map(|stored| stored.value.code.blob));
        match page.last() {
            Some(last) if page.len() == STEP => after = Some(last.key.clone()),
            _ => return sweep.finish(live).await,
        }
    }
}
