//! The engines that the conformance tests run against, and how each opens a data directory.

use seal::Sealer;
use std::path::Path;
use std::sync::Arc;
use store::{Store, StoreError};

pub(crate) type Open = fn(&Path, Arc<Sealer>) -> Result<Store, StoreError>;

pub(crate) fn sqlite(dir: &Path, sealer: Arc<Sealer>) -> Result<Store, StoreError> {
    Store::open(dir, sealer)
}
