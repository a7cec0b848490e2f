//! What publishing `$LATEST` comes to: the version that there is already, or a new one.

use super::Releases;
use crate::usage::{AccountUsage, Reservation};
use crate::{Control, messages};
use store::Transaction;
use store::records::{FunctionRecord, VersionRecord};
use types::{FunctionRef, RevisionId, ServiceError};

/// A version to be, or one that is.
pub(crate) enum Publication {
    /// Code and configuration are those of the last version.
    Unchanged(VersionRecord),
    /// Stored by the transaction; counted once the reservation is kept.
    New(VersionRecord, Reservation),
}

impl Publication {
    /// The transaction was committed.
    pub(crate) fn keep(self) -> VersionRecord {
        match self {
            Self::Unchanged(version) => version,
            Self::New(version, reservation) => {
                reservation.keep();
                version
            }
        }
    }
}

impl Control {
    /// Adds a new version of `latest` to the transaction, unless the last one is the same. The transaction writes
    /// `latest`, or requires that it is unchanged.
    ///
    /// Source: "Lambda doesn't publish a version if the function's configuration and code haven't changed since the last
    /// version." (API reference, PublishVersion)
    pub(crate) async fn publication(
        &self,
        releases: &Releases,
        latest: &FunctionRecord,
        description: Option<&str>,
        transaction: &mut Transaction,
    ) -> Result<Publication, ServiceError> {
        if let Some(last) = self.last_version(releases, latest).await?
            && (releases.published() == Some(latest.revision) || is_same(latest, &last))
        {
            return Ok(Publication::Unchanged(last));
        }
        let size = AccountUsage { functions: 0, code_bytes: latest.code.size };
        let reservation =
            self.usage.reserve(latest.account, size).ok_or_else(messages::code_storage_exceeded)?;
        let number = releases.give_number(latest.revision, transaction);
        let version = self.copy(latest, number, description);
        let key = VersionRecord::place(latest.account, &latest.name, number).map_err(messages::failed)?;
        transaction.insert(&key, &version);
        Ok(Publication::New(version, reservation))
    }

    /// The same for a `$LATEST` that is being written.
    pub(crate) async fn publish_in(
        &self,
        function: &FunctionRef,
        latest: &FunctionRecord,
        transaction: &mut Transaction,
    ) -> Result<Publication, ServiceError> {
        let releases = self.releases(function).await?;
        self.publication(&releases, latest, None, transaction).await
    }

    /// The version that was published last, unless it is deleted.
    async fn last_version(
        &self,
        releases: &Releases,
        latest: &FunctionRecord,
    ) -> Result<Option<VersionRecord>, ServiceError> {
        let number = releases.last_version();
        let key = VersionRecord::place(latest.account, &latest.name, number).map_err(messages::failed)?;
        let found = self.parts.store.get::<VersionRecord>(&key).await.map_err(messages::failed)?;
        Ok(found.map(|stored| stored.value))
    }

    fn copy(&self, latest: &FunctionRecord, number: u64, description: Option<&str>) -> VersionRecord {
        let mut configuration = latest.configuration.clone();
        if let Some(description) = description {
            configuration.description = description.to_owned();
        }
        VersionRecord {
            account: latest.account,
            name: latest.name.clone(),
            number,
            configuration,
            code: latest.code.clone(),
            revision: RevisionId::generate(&*self.parts.random),
            modified: self.parts.clock.now(),
        }
    }
}

/// The same zip is the same code, wherever it is kept.
fn is_same(latest: &FunctionRecord, version: &VersionRecord) -> bool {
    latest.code.sha256 == version.code.sha256 && latest.configuration == version.configuration
}
