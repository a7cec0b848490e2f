//! What a caller's name leads to: `$LATEST`, a published version, or the version that an alias points to.

use super::configuration::View;
use super::edit;
use crate::commit::TRIES;
use crate::{Control, messages};
use api::function_errors;
use store::Stored;
use store::records::{AliasRecord, FunctionRecord, VersionRecord};
use types::{FunctionRef, Qualifier, ServiceError, Version};

/// The record of one version of a function.
pub(crate) enum Found {
    Latest(Stored<FunctionRecord>),
    Published(Stored<VersionRecord>),
}

impl<'r> From<&'r Found> for View<'r> {
    fn from(found: &'r Found) -> Self {
        match found {
            Found::Latest(stored) => (&stored.value).into(),
            Found::Published(stored) => (&stored.value).into(),
        }
    }
}

impl Control {
    /// The version that a name with its qualifier means. An alias is read again where its version is gone: between two
    /// reads it can be pointed elsewhere and its old version be deleted.
    pub(crate) async fn resolve(&self, function: &FunctionRef) -> Result<Found, ServiceError> {
        let missing = || function_errors::not_found(&function.arn());
        let alias = match &function.qualifier {
            None => return self.find(function).await.map(Found::Latest),
            Some(Qualifier::Version(version)) => {
                return self.one(function, *version).await?.ok_or_else(missing);
            }
            Some(Qualifier::Alias(alias)) => alias,
        };
        for _ in 0..TRIES {
            let stored = self.alias(function, alias).await?.ok_or_else(missing)?;
            if let Some(found) = self.one(function, stored.value.version).await? {
                return Ok(found);
            }
        }
        Err(missing())
    }

    /// One version, if it is there.
    pub(crate) async fn one(
        &self,
        function: &FunctionRef,
        version: Version,
    ) -> Result<Option<Found>, ServiceError> {
        match version {
            Version::Latest => {
                let key = edit::place(function.account, &function.name)?;
                let found = self.parts.store.get(&key).await.map_err(messages::failed)?;
                Ok(found.map(Found::Latest))
            }
            Version::Number(number) => Ok(self.version(function, number).await?.map(Found::Published)),
        }
    }

    /// A published version, if it is there.
    pub(crate) async fn version(
        &self,
        function: &FunctionRef,
        number: u64,
    ) -> Result<Option<Stored<VersionRecord>>, ServiceError> {
        let key = VersionRecord::place(function.account, &function.name, number).map_err(messages::failed)?;
        self.parts.store.get(&key).await.map_err(messages::failed)
    }

    /// An alias, if it is there.
    pub(crate) async fn alias(
        &self,
        function: &FunctionRef,
        alias: &str,
    ) -> Result<Option<Stored<AliasRecord>>, ServiceError> {
        let key = AliasRecord::place(function.account, &function.name, alias).map_err(messages::failed)?;
        self.parts.store.get(&key).await.map_err(messages::failed)
    }
}
