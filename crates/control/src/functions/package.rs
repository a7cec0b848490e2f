//! The code package of a request: checked entry by entry, then sealed into the store.

use crate::{Control, messages};
use bytes::Bytes;
use std::sync::Arc;
use store::FreshBlob;
use store::records::CodeRecord;
use tokio::sync::OwnedSemaphorePermit;
use types::ServiceError;

/// Where a request says that its code is.
pub(crate) struct CodeSource<'a> {
    pub(crate) zip: Option<&'a Bytes>,
    pub(crate) s3_bucket: bool,
    pub(crate) image: bool,
    pub(crate) source_key: bool,
}

/// The zip of a request; other sources are refused by name.
pub(crate) fn zip(source: &CodeSource<'_>) -> Result<Bytes, ServiceError> {
    if source.s3_bucket {
        return Err(messages::not_from_there("S3Bucket"));
    }
    if source.image {
        return Err(messages::not_from_there("ImageUri"));
    }
    if source.source_key {
        return Err(messages::not_built("SourceKMSKeyArn"));
    }
    source.zip.cloned().ok_or_else(messages::no_code)
}

/// What was found out about a package, which holds one of the places for packages until it is dropped.
pub(crate) struct Checked {
    zip: Bytes,
    pub(crate) sha256: String,
    pub(crate) unzipped: u64,
    _place: OwnedSemaphorePermit,
}

impl Checked {
    pub(crate) fn size(&self) -> u64 {
        self.zip.len() as u64
    }
}

impl Control {
    /// Reads every entry and applies every limit, off the threads that serve requests. The check goes on when its caller
    /// goes away, and so does its hold on a place.
    pub(crate) async fn check_package(&self, zip: Bytes) -> Result<Checked, ServiceError> {
        let place = Arc::clone(&self.packages).acquire_owned().await;
        let place = place.map_err(messages::failed)?;
        let checked = tokio::task::spawn_blocking(move || {
            let summary = package::check(&zip, &package::Limits::default())?;
            let sha256 = package::sha256_base64(&zip);
            Ok(Checked { zip, sha256, unzipped: summary.unzipped_bytes, _place: place })
        });
        match checked.await {
            Ok(Ok(checked)) => Ok(checked),
            Ok(Err(error)) => Err(messages::package(&error)),
            Err(panicked) => Err(messages::failed(panicked)),
        }
    }

    /// Seals a checked package into the store. The transaction that refers to it holds the fresh blob; a package that no
    /// record refers to is swept.
    pub(crate) async fn keep(&self, checked: &Checked) -> Result<(CodeRecord, FreshBlob), ServiceError> {
        let fresh = self.parts.store.blobs().put(checked.zip.clone()).await.map_err(messages::failed)?;
        let record = CodeRecord {
            blob: fresh.id(),
            sha256: checked.sha256.clone(),
            size: checked.size(),
            unzipped: checked.unzipped,
        };
        Ok((record, fresh))
    }
}
