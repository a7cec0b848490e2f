//! Finding a function by the name that a caller gave, and changing it without losing another caller's change.

use crate::commit::Committed;
use crate::{Control, messages};
use api::{AuditEntry, Context, function_errors};
use std::time::Duration;
use store::records::{FunctionRecord, UpdateStatus};
use store::{Key, Stored, Transaction};
use tokio::time::Instant;
use types::{
    AccountId, FunctionName, FunctionRef, FunctionRefError, Qualifier, RevisionId, ServiceError, Version,
};

/// How long a change waits for one that is under way. Source: the service answers ResourceConflictException at once;
/// here a change takes milliseconds, so that waiting serves the caller better.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a waiting change looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What the model calls the version that capacity providers run.
pub(crate) const LATEST_PUBLISHED: &str = "$LATEST.PUBLISHED";

/// Whether a change is published as a version in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publish {
    Yes,
    No,
}

impl Publish {
    /// What the parameter Publish says.
    pub(crate) fn asked(publish: Option<bool>) -> Self {
        if publish == Some(true) { Self::Yes } else { Self::No }
    }
}

/// The function that a caller named.
pub(crate) fn named(
    name: &str,
    qualifier: Option<&str>,
    context: &Context,
) -> Result<FunctionRef, ServiceError> {
    if qualifier == Some(LATEST_PUBLISHED) || name.ends_with(&format!(":{LATEST_PUBLISHED}")) {
        return Err(messages::not_built(LATEST_PUBLISHED));
    }
    let parse = |qualifier| FunctionRef::parse(name, qualifier, context.account, &context.region);
    let function = parse(qualifier).map_err(|error| match (error, parse(None), qualifier) {
        (FunctionRefError::QualifierMismatch, ..) => function_errors::qualifier_mismatch(),
        (_, Ok(function), Some(nothing)) => {
            function_errors::not_found(&format!("{}:{nothing}", function.unqualified_arn()))
        }
        _ => messages::malformed_name(name),
    })?;
    if function.region == context.region {
        Ok(function)
    } else {
        Err(function_errors::other_region(function.region.as_str(), context.region.as_str()))
    }
}

/// The function that a caller means to change: only `$LATEST` can be.
pub(crate) fn to_change(name: &str, context: &Context) -> Result<FunctionRef, ServiceError> {
    let function = named(name, None, context)?;
    match function.qualifier {
        None | Some(Qualifier::Version(Version::Latest)) => Ok(FunctionRef { qualifier: None, ..function }),
        Some(_) => Err(messages::latest_only()),
    }
}

impl Control {
    /// Reads a function's `$LATEST`; the qualifier matters only where there is no such function.
    pub(crate) async fn find(&self, function: &FunctionRef) -> Result<Stored<FunctionRecord>, ServiceError> {
        let key = place(function.account, &function.name)?;
        let found = self.parts.store.get::<FunctionRecord>(&key).await.map_err(messages::failed)?;
        found.ok_or_else(|| function_errors::not_found(&function.arn()))
    }

    /// Reads a function that no change is under way for, waiting a little where one is.
    pub(crate) async fn find_settled(
        &self,
        function: &FunctionRef,
    ) -> Result<Stored<FunctionRecord>, ServiceError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stored = self.find(function).await?;
            if stored.value.is_settled() {
                return Ok(stored);
            }
            if Instant::now() >= deadline {
                return Err(messages::update_in_progress(&function.unqualified_arn()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Writes a changed function in place of the one that was read, with what the caller put into the transaction and the
    /// audit record of the change.
    pub(super) async fn replace(
        &self,
        old: &Stored<FunctionRecord>,
        new: &FunctionRecord,
        mut transaction: Transaction,
        audit: &AuditEntry,
    ) -> Result<Committed, ServiceError> {
        transaction.replace(&old.key, new, old.revision);
        self.commit(transaction, audit).await
    }

    /// The record as a change that begins now leaves it.
    pub(crate) fn changed_now(&self, record: FunctionRecord) -> FunctionRecord {
        FunctionRecord {
            revision: RevisionId::generate(&*self.parts.random),
            modified: self.parts.clock.now(),
            last_update: UpdateStatus::InProgress,
            ..record
        }
    }
}

/// Runs the part of a change that must not stop in the middle: where the client goes away, what is written and what is
/// counted still agree. Bounded by the places for packages, or as short as one commit.
pub(crate) async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
) -> Result<T, ServiceError> {
    match tokio::spawn(change).await {
        Ok(result) => result,
        Err(panicked) => Err(messages::failed(panicked)),
    }
}

/// The caller's RevisionId, where it sent one, must be the function's.
pub(crate) fn same_revision(asked: Option<&str>, record: &FunctionRecord) -> Result<(), ServiceError> {
    is_current(asked, record.revision)
}

/// The caller's RevisionId, where it sent one, must be the current one.
pub(crate) fn is_current(asked: Option<&str>, current: RevisionId) -> Result<(), ServiceError> {
    match asked {
        Some(asked) if asked.parse::<RevisionId>().ok() != Some(current) => Err(messages::stale_revision()),
        _ => Ok(()),
    }
}

/// Where a function's record stands.
pub(crate) fn place(account: AccountId, name: &FunctionName) -> Result<Key, ServiceError> {
    FunctionRecord::place(account, name).map_err(messages::failed)
}
