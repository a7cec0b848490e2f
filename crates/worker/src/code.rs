//! Where the worker gets code packages from; implemented above it.

use crate::Code;
use bytes::Bytes;
use types::{AccountId, BoxFuture};

/// Hands out code packages.
pub trait CodeSource: Send + Sync {
    /// The zip file of `account`, whole. The worker checks that it is the one that the id promises.
    fn code<'a>(&'a self, account: AccountId, code: &'a Code) -> BoxFuture<'a, Result<Bytes, CodeError>>;
}

/// Why a code package can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It was deleted, together with its version.
    #[error("the code package no longer exists")]
    Gone,
    /// The store failed; the cause is for the operator.
    #[error("the code package could not be read: {0}")]
    Unreadable(String),
}
