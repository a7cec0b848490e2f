//! What an invocation runs: one version of a function as its record says, with its idle environments.
//!
//! Invariant: a target is one revision of one version. A change makes another target, and retires this one.

use crate::admission::loads::Function;
use crate::targets::cache::Entry;
use crate::targets::pool::Pool;
use std::sync::Arc;
use store::records::{CodeRecord, FunctionRecord, FunctionState, VersionConfiguration, VersionRecord};
use types::{AccountId, FunctionName, Version};

/// A version, ready to be run.
pub(crate) struct Target {
    /// The function's owner.
    pub(crate) account: AccountId,
    /// The function.
    pub(crate) name: FunctionName,
    /// The version.
    pub(crate) version: Version,
    /// Whether it can be invoked.
    pub(crate) state: FunctionState,
    /// What its environments are made of.
    pub(crate) configuration: VersionConfiguration,
    /// Its code package.
    pub(crate) code: CodeRecord,
    /// What runs of the function, this and other versions of it.
    pub(crate) function: Arc<Function>,
    /// Its idle environments.
    pub(crate) pool: Pool,
}

impl Target {
    /// `$LATEST` of a function.
    pub(crate) fn latest(record: FunctionRecord, function: Arc<Function>) -> Self {
        let FunctionRecord { account, name, configuration, code, state, .. } = record;
        let pool = Pool::default();
        Self { account, name, version: Version::Latest, state, configuration, code, function, pool }
    }

    /// A published version: published when the function was active.
    pub(crate) fn published(record: VersionRecord, function: Arc<Function>) -> Self {
        let VersionRecord { account, name, number, configuration, code, .. } = record;
        let (version, state) = (Version::Number(number), FunctionState::Active);
        Self { account, name, version, state, configuration, code, function, pool: Pool::default() }
    }
}

impl Entry for Target {
    fn retire(&self) {
        self.pool.retire();
    }

    /// Idle environments must be found again.
    fn holds(&self) -> bool {
        !self.pool.is_empty()
    }
}
