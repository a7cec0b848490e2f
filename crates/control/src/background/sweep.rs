//! The sweep at the start: code packages that no layer version, function or published version refers to are removed. A
//! crash between storing a package and committing its record leaves one behind, and so does a layer version that is
//! deleted while functions use it.
//!
//! Invariant: the tables are read in the order in which references are copied from one to the next, so that no copy
//! escapes: whoever copies one later requires that its source is still there.

use crate::scan;
use std::collections::HashSet;
use store::records::{CodeRecord, VersionConfiguration};
use store::{BlobId, Store, StoreError};

/// Removes what is left over, and tells how many packages that were. Safe at any time.
///
/// # Errors
/// When the store can't be read, or a package can't be removed.
pub async fn sweep_code(store: &Store) -> Result<usize, StoreError> {
    let sweep = store.blobs().begin_sweep().await?;
    let mut live = HashSet::new();
    let mut pages = scan::layer_versions(store);
    while let Some(page) = pages.next().await? {
        live.extend(page.iter().map(|stored| stored.value.code.blob));
    }
    let mut pages = scan::functions(store);
    while let Some(page) = pages.next().await? {
        live.extend(page.iter().flat_map(|stored| used(&stored.value.code, &stored.value.configuration)));
    }
    let mut pages = scan::versions(store);
    while let Some(page) = pages.next().await? {
        live.extend(page.iter().flat_map(|stored| used(&stored.value.code, &stored.value.configuration)));
    }
    sweep.finish(live).await
}

fn used<'r>(
    code: &'r CodeRecord,
    configuration: &'r VersionConfiguration,
) -> impl Iterator<Item = BlobId> + use<'r> {
    let layers = configuration.layers.iter().map(|layer| layer.code.blob);
    layers.chain([code.blob])
}
