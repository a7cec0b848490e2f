//! From a name to what runs: versions and aliases as they are now.
//!
//! Invariant: one look-up for a version, two by an alias; nothing of it touches the disk unless something changed.

use crate::admission::loads::Loads;
use crate::environments::hosted::Hosted;
use crate::messages;
use crate::targets::cache::Cache;
use crate::targets::route::{Destination, Route};
use crate::targets::target::Target;
use std::sync::Arc;
use std::time::Duration;
use store::records::{AliasRecord, FunctionRecord, VersionRecord};
use store::{Key, Store};
use tokio::time::Instant;
use types::{AccountId, FunctionRef, Qualifier, Random, ServiceError, Version};

/// Changes of an alias under one look-up.
const TRIES: usize = 4;

/// Everything that can be invoked.
pub(crate) struct Catalog {
    latest: Cache<FunctionRecord, Target>,
    published: Cache<VersionRecord, Target>,
    aliases: Cache<AliasRecord, Route>,
    /// What runs.
    pub(crate) loads: Loads,
    random: Arc<dyn Random>,
}

impl Catalog {
    /// A catalogue over the store.
    pub(crate) fn new(store: &Arc<Store>, account_concurrency: u32, random: Arc<dyn Random>) -> Self {
        let loads = Loads::new(store, account_concurrency);
        let (latest, published) = (Cache::new(store), Cache::new(store));
        Self { latest, published, aliases: Cache::new(store), loads, random }
    }

    /// The version that is meant: `$LATEST` unless the caller says otherwise, for an alias a random one by its weights.
    pub(crate) async fn find(&self, function: &FunctionRef) -> Result<Option<Arc<Target>>, ServiceError> {
        let (account, name) = (function.account, &function.name);
        let version = match &function.qualifier {
            None => Version::Latest,
            Some(Qualifier::Version(version)) => *version,
            Some(Qualifier::Alias(alias)) => return self.by_alias(function, alias).await,
        };
        let destination = Destination::of(account, name, version).map_err(messages::failed)?;
        self.at(&destination).await
    }

    async fn by_alias(
        &self,
        function: &FunctionRef,
        alias: &str,
    ) -> Result<Option<Arc<Target>>, ServiceError> {
        let (account, name) = (function.account, &function.name);
        let key = AliasRecord::place(account, name, alias).map_err(messages::failed)?;
        // An alias never points to a version that is gone: where one is, the alias has changed.
        for _ in 0..TRIES {
            let found = self.aliases.find(&key, |record| Route::new(account, name, &record)).await?;
            let Some(route) = found else { return Ok(None) };
            if let Some(target) = self.at(route.draw(&*self.random)).await? {
                return Ok(Some(target));
            }
        }
        Ok(None)
    }

    async fn at(&self, destination: &Destination) -> Result<Option<Arc<Target>>, ServiceError> {
        let key = &destination.key;
        if destination.version == Version::Latest {
            let make = |record: FunctionRecord| {
                let function = self.loads.of(record.account, &record.name)?;
                Ok(Target::latest(record, function))
            };
            return self.latest.find(key, make).await;
        }
        let make = |record: VersionRecord| {
            let function = self.loads.of(record.account, &record.name)?;
            Ok(Target::published(record, function))
        };
        self.published.find(key, make).await
    }

    /// Ends environments that were idle for `longest` or are older than `age`, and forgets loads that nobody has.
    pub(crate) fn reap(&self, longest: Duration, age: Duration, now: Instant) {
        self.each(|_, target| target.pool.reap(longest, age, now));
        self.loads.forget_unheld();
    }

    /// Takes the environment that was idle for the longest time: of one account's functions, or of all.
    pub(crate) fn take_oldest(&self, account: Option<AccountId>) -> Option<Hosted> {
        loop {
            let mut oldest: Option<(Instant, Arc<Target>)> = None;
            self.each(|_, target| {
                let Some(since) = target.pool.oldest() else { return };
                let belongs = account.is_none_or(|account| target.account == account);
                if belongs && oldest.as_ref().is_none_or(|(best, _)| since < *best) {
                    oldest = Some((since, Arc::clone(target)));
                }
            });
            // `None` where an invocation took it a moment ago: another one is the oldest then.
            if let Some(environment) = oldest?.1.pool.take_oldest() {
                return Some(environment);
            }
        }
    }

    /// Lets go of everything, for the end.
    pub(crate) fn clear(&self) {
        self.latest.clear();
        self.published.clear();
    }

    fn each(&self, mut look: impl FnMut(&Key, &Arc<Target>)) {
        self.latest.each(&mut look);
        self.published.each(&mut look);
    }
}
