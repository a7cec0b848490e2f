//! Which packages are referred to, as the tables say.
//!
//! Invariant: the tables are read in the order in which references are copied from one to the next, so that no copy
//! escapes: whoever copies one later requires that its source is still there.

use crate::scan;
use crate::usage::AccountUsage;
use std::collections::{HashMap, HashSet};
use store::records::{CodeRecord, VersionConfiguration};
use store::{BlobId, Store, StoreError};
use types::AccountId;

/// What was found: as large as the packages are many.
#[derive(Default)]
pub(crate) struct References {
    /// Every package that a record names.
    pub(crate) live: HashSet<BlobId>,
    /// Packages of deleted layer versions that functions keep, by the functions' owners, with their sizes.
    orphans: HashMap<AccountId, HashMap<BlobId, u64>>,
}

impl References {
    /// Reads all tables that refer to packages.
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        Self::read_counting(store, |_, _| {}).await
    }

    /// The same; `count` is told what each record adds to its account's usage.
    pub(crate) async fn read_counting(
        store: &Store,
        mut count: impl FnMut(AccountId, AccountUsage),
    ) -> Result<Self, StoreError> {
        let mut found = Self::default();
        let mut pages = scan::layer_versions(store);
        while let Some(page) = pages.next().await? {
            for layer in page.iter().map(|stored| &stored.value) {
                count(layer.account, AccountUsage { functions: 0, code_bytes: layer.code.size });
                found.live.insert(layer.code.blob);
            }
        }
        let layers = found.live.clone();
        let mut pages = scan::functions(store);
        while let Some(page) = pages.next().await? {
            for function in page.iter().map(|stored| &stored.value) {
                count(function.account, AccountUsage { functions: 1, code_bytes: function.code.size });
                found.add(function.account, &function.code, &function.configuration, &layers);
            }
        }
        let mut pages = scan::versions(store);
        while let Some(page) = pages.next().await? {
            for version in page.iter().map(|stored| &stored.value) {
                count(version.account, AccountUsage { functions: 0, code_bytes: version.code.size });
                found.add(version.account, &version.code, &version.configuration, &layers);
            }
        }
        Ok(found)
    }

    fn add(
        &mut self,
        account: AccountId,
        code: &CodeRecord,
        configuration: &VersionConfiguration,
        layers: &HashSet<BlobId>,
    ) {
        self.live.insert(code.blob);
        for layer in configuration.layers.iter().map(|layer| &layer.code) {
            self.live.insert(layer.blob);
            if !layers.contains(&layer.blob) {
                self.orphans.entry(account).or_default().insert(layer.blob, layer.size);
            }
        }
    }

    /// Bytes that each account keeps of deleted layer versions.
    pub(crate) fn orphaned_bytes(&self) -> HashMap<AccountId, u64> {
        self.orphans.iter().map(|(account, packages)| (*account, packages.values().sum())).collect()
    }
}
