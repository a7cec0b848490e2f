//! Versions, aliases and reservations, written where control plane and data plane meet: into the store.

use crate::Platform;
use store::records::{
    AliasRecord, ConcurrencyRecord, FunctionRecord, ReleasesRecord, ReservedTotalRecord, VersionRecord,
};
use store::{Record, Transaction};
use types::{AccountId, FunctionName, RevisionId, Version};

const OWNER: AccountId = AccountId::FIRST;

impl Platform {
    /// Publishes the next version of a function, as it is now, and tells its number.
    ///
    /// # Panics
    /// When there is no such function.
    pub async fn publish(&self, function: &str) -> u64 {
        let name = named(function);
        let place = FunctionRecord::place(OWNER, &name).expect("a key");
        let latest = self.stored::<FunctionRecord>(&place).await.expect("the function exists");
        let releases = ReleasesRecord::place(OWNER, &name).expect("a key");
        let mut order = self.stored::<ReleasesRecord>(&releases).await.unwrap_or_default();
        order.last_version += 1;
        let version = VersionRecord {
            account: OWNER,
            name: name.clone(),
            number: order.last_version,
            configuration: latest.configuration,
            code: latest.code,
            revision: RevisionId::generate(&*self.random),
            modified: latest.modified,
        };
        let mut change = Transaction::new();
        change.put(&VersionRecord::place(OWNER, &name, version.number).expect("a key"), &version);
        change.put(&releases, &order);
        self.store.commit(change).await.expect("the version is stored");
        order.last_version
    }

    /// Deletes a version.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn unpublish(&self, function: &str, number: u64) {
        let mut change = Transaction::new();
        change
            .remove::<VersionRecord>(&VersionRecord::place(OWNER, &named(function), number).expect("a key"));
        self.store.commit(change).await.expect("the version is deleted");
    }

    /// Points an alias to a version; `weights` are the shares of others.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn alias(&self, function: &str, alias: &str, version: Version, weights: &[(u64, f64)]) {
        let record = AliasRecord {
            version,
            weights: weights.iter().copied().collect(),
            description: String::new(),
            revision: RevisionId::generate(&*self.random),
        };
        let mut change = Transaction::new();
        change.put(&AliasRecord::place(OWNER, &named(function), alias).expect("a key"), &record);
        self.store.commit(change).await.expect("the alias is stored");
    }

    /// Reserves concurrency for a function, or gives it back.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn reserve(&self, function: &str, reserved: Option<u32>) {
        let place = ConcurrencyRecord::place(OWNER, &named(function)).expect("a key");
        let sum = ReservedTotalRecord::place(OWNER).expect("a key");
        let before = self.stored::<ConcurrencyRecord>(&place).await.map_or(0, |record| record.reserved);
        let total = self.stored::<ReservedTotalRecord>(&sum).await.unwrap_or_default().total;
        let mut change = Transaction::new();
        match reserved {
            Some(reserved) => change.put(&place, &ConcurrencyRecord { reserved }),
            None => change.remove::<ConcurrencyRecord>(&place),
        };
        change.put(&sum, &ReservedTotalRecord { total: total - before + reserved.unwrap_or(0) });
        self.store.commit(change).await.expect("the reservation is stored");
    }

    async fn stored<R: Record>(&self, place: &store::Key) -> Option<R> {
        self.store.get::<R>(place).await.expect("the store can be read").map(|stored| stored.value)
    }
}

fn named(function: &str) -> FunctionName {
    function.parse().expect("a function's name")
}
