//! The worker's source of code packages: the sealed blobs of the store.

use bytes::Bytes;
use std::sync::Arc;
use store::{BlobId, Store, StoreError};
use types::{AccountId, BoxFuture};
use worker::{Code, CodeError, CodeSource};

/// Code packages out of the store.
pub struct StoredCode {
    store: Arc<Store>,
}

impl StoredCode {
    /// Packages of this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl CodeSource for StoredCode {
    fn code<'a>(&'a self, _account: AccountId, code: &'a Code) -> BoxFuture<'a, Result<Bytes, CodeError>> {
        Box::pin(async move {
            let blob: BlobId = code.place.parse().map_err(|_| CodeError::Gone)?;
            self.store.blobs().get(blob).await.map_err(|error| match error {
                StoreError::NoBlob(_) => CodeError::Gone,
                other => CodeError::Unreadable(other.to_string()),
            })
        })
    }
}
