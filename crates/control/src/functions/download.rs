//! What stands behind the link of GetFunction: exactly the zip that was uploaded.

use crate::messages;
use api::FetchDownload;
use bytes::Bytes;
use std::sync::Arc;
use store::{BlobId, Store, StoreError};
use types::{BoxFuture, ServiceError};

/// Code packages by the id of their blob.
pub struct CodeDownloads {
    store: Arc<Store>,
}

impl CodeDownloads {
    /// Downloads from this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl FetchDownload for CodeDownloads {
    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, ServiceError>> {
        Box::pin(async move {
            let Ok(id) = id.parse::<BlobId>() else { return Ok(None) };
            match self.store.blobs().get(id).await {
                Ok(bytes) => Ok(Some(bytes)),
                Err(StoreError::NoBlob(_)) => Ok(None),
                Err(error) => Err(messages::failed(error)),
            }
        })
    }
}
