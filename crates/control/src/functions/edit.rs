//! Finding a function by the name that a caller gave, and changing it without losing another caller's change.

pub(super) use crate::messages::store_failed;
use crate::{Control, messages};
use api::{AuditEntry, Context};
use std::time::Duration;
use store::records::FunctionRecord;
use store::{FreshBlob, Key, StoreError, Stored, Transaction};
use tokio::time::Instant;
use types::{
    AccountId, FunctionName, FunctionRef, FunctionRefError, Qualifier, RevisionId, ServiceError, Version,
};

/// How long a change waits for one that is under way. Source: the service answers ResourceConflictException at once;
/// here a change takes milliseconds, so that waiting serves the caller better.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a waiting change looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The function that a caller named.
pub(super) fn named(
    name: &str,
    qualifier: Option<&str>,
    context: &Context,
) -> Result<FunctionRef, ServiceError> {
    FunctionRef::parse(name, qualifier, context.account, &context.region).map_err(|error| match error {
        FunctionRefError::QualifierMismatch => messages::qualifier_mismatch(),
        FunctionRefError::Malformed => messages::malformed_name(name),
    })
}

/// The function that a caller means to change: a change has no qualifier.
pub(super) fn to_change(name: &str, context: &Context) -> Result<FunctionRef, ServiceError> {
    let function = named(name, None, context)?;
    if function.qualifier.is_some() { Err(messages::unqualified_only()) } else { Ok(function) }
}

impl Control {
    /// Reads a function.
    pub(super) async fn find(&self, function: &FunctionRef) -> Result<Stored<FunctionRecord>, ServiceError> {
        let here = function.region == self.parts.region;
        let built = matches!(function.qualifier, None | Some(Qualifier::Version(Version::Latest)));
        let key = place(function.account, &function.name)?;
        let found = match here && built {
            true => self.parts.store.get::<FunctionRecord>(&key).await.map_err(store_failed)?,
            false => None,
        };
        found.ok_or_else(|| messages::function_not_found(&function.arn()))
    }

    /// Reads a function that no change is under way for, waiting a little where one is.
    pub(super) async fn find_settled(
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

    /// Writes a changed function in place of the one that was read, with the audit record of the change.
    pub(super) async fn replace(
        &self,
        old: &Stored<FunctionRecord>,
        new: &FunctionRecord,
        package: Option<FreshBlob>,
        audit: &AuditEntry,
    ) -> Result<(), ServiceError> {
        let mut transaction = Transaction::new();
        transaction.replace(&old.key, new, old.revision);
        if let Some(package) = package {
            transaction.hold(package);
        }
        audit.succeed_in(&mut transaction);
        match self.parts.store.commit(transaction).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => {
                let function = self.reference(new);
                Err(messages::update_in_progress(&function.unqualified_arn()))
            }
            Err(error) => Err(store_failed(error)),
        }
    }

    fn reference(&self, record: &FunctionRecord) -> FunctionRef {
        FunctionRef {
            account: record.account,
            region: self.parts.region.clone(),
            name: record.name.clone(),
            qualifier: None,
        }
    }
}

/// The caller's RevisionId, where it sent one, must be the current one.
pub(super) fn same_revision(asked: Option<&str>, record: &FunctionRecord) -> Result<(), ServiceError> {
    match asked {
        Some(asked) if asked.parse::<RevisionId>().ok() != Some(record.revision) => {
            Err(messages::stale_revision())
        }
        _ => Ok(()),
    }
}

/// Where a function's record stands.
pub(super) fn place(account: AccountId, name: &FunctionName) -> Result<Key, ServiceError> {
    FunctionRecord::place(account, name).map_err(store_failed)
}
