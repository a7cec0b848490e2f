//! The sweep: code packages that no layer version, function or published version refers to are removed. A crash between
//! storing a package and committing its record leaves one behind, and so does a layer version that is deleted while
//! functions use it.

use super::References;
use store::{Store, StoreError};

/// Removes what is left over, and tells how many packages that were. Safe at any time.
///
/// # Errors
/// When the store can't be read, or a package can't be removed.
pub async fn sweep_code(store: &Store) -> Result<usize, StoreError> {
    sweep(store).await.map(|(removed, _)| removed)
}

/// The same, with what it found out.
pub(super) async fn sweep(store: &Store) -> Result<(usize, References), StoreError> {
    let sweep = store.blobs().begin_sweep().await?;
    let mut found = References::read(store).await?;
    let removed = sweep.finish(std::mem::take(&mut found.live)).await?;
    Ok((removed, found))
}
