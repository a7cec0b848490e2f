//! Who runs how much: the loads of all accounts and functions, each with the limits that the store says.

use crate::admission::stored_number::StoredNumber;
use crate::admission::{AccountLoad, Admission, FunctionLoad, Limits};
use crate::messages;
use crate::targets::sharded::Sharded;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use store::records::{ConcurrencyRecord, FunctionRecord, ReservedTotalRecord};
use store::{Key, KeyError, Record, Store};
use types::{AccountId, FunctionName, ServiceError};

/// Functions of one of the 64 shards that are kept without anybody holding them.
const PER_SHARD: usize = 256;

/// The loads. Functions are bounded by the versions that the data plane has in its caches or runs; accounts by the number
/// of accounts that ever invoked.
pub(crate) struct Loads {
    store: Arc<Store>,
    /// Of every account.
    limit: u32,
    functions: Arc<Sharded<HashMap<Key, Arc<Function>>>>,
    accounts: Arc<RwLock<HashMap<AccountId, Arc<Account>>>>,
}

/// What runs of a function, and what it has reserved.
pub(crate) struct Function {
    key: Key,
    account: Arc<Account>,
    load: Arc<FunctionLoad>,
    reserved: StoredNumber,
}

struct Account {
    key: Key,
    load: Arc<AccountLoad>,
    reserved_total: StoredNumber,
}

impl Loads {
    /// Nothing runs yet. Reservations are those of the store, from the request after their change on.
    pub(crate) fn new(store: &Arc<Store>, limit: u32) -> Self {
        let loads =
            Self { store: Arc::clone(store), limit, functions: Arc::default(), accounts: Arc::default() };
        let functions = Arc::clone(&loads.functions);
        store.subscribe(ConcurrencyRecord::TABLE, move |change| {
            if let Some(function) = functions.read(&change.key).get(&change.key) {
                function.reserved.forget();
            }
        });
        let accounts = Arc::clone(&loads.accounts);
        store.subscribe(ReservedTotalRecord::TABLE, move |change| {
            let id = change.key.segments().next().and_then(|segment| segment.parse().ok());
            let all = accounts.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(account) = id.and_then(|id: AccountId| all.get(&id)) {
                account.reserved_total.forget();
            }
        });
        loads
    }

    /// The load of a function. It is the same one as long as anybody holds it.
    pub(crate) fn of(&self, account: AccountId, name: &FunctionName) -> Result<Arc<Function>, KeyError> {
        let key = FunctionRecord::place(account, name)?;
        if let Some(function) = self.functions.read(&key).get(&key) {
            return Ok(Arc::clone(function));
        }
        let account = self.account(account)?;
        let mut shard = self.functions.write(&key);
        if shard.len() >= PER_SHARD {
            forget_unheld(&mut shard);
        }
        let function = shard.entry(key.clone()).or_insert_with(|| Arc::new(Function::new(key, account)));
        Ok(Arc::clone(function))
    }

    /// Counts an invocation in.
    pub(crate) async fn admit(&self, function: &Function) -> Result<Admission, ServiceError> {
        let limits = Limits {
            account: self.limit,
            reserved_total: self.reserved_total(&function.account).await?,
            reserved: self.reserved(function).await?,
        };
        function.load.admit(limits).map_err(ServiceError::from)
    }

    /// Forgets functions that nobody holds.
    pub(crate) fn forget_unheld(&self) {
        self.functions.each_mut().for_each(|mut shard| forget_unheld(&mut shard));
    }

    async fn reserved(&self, function: &Function) -> Result<Option<u32>, ServiceError> {
        let seen = match function.reserved.known() {
            Ok(reserved) => return Ok(reserved),
            Err(seen) => seen,
        };
        let stored = self.store.get::<ConcurrencyRecord>(&function.key).await.map_err(messages::failed)?;
        let reserved = stored.map(|stored| stored.value.reserved);
        function.reserved.learn(seen, reserved);
        Ok(reserved)
    }

    async fn reserved_total(&self, account: &Account) -> Result<u32, ServiceError> {
        let seen = match account.reserved_total.known() {
            Ok(total) => return Ok(total.unwrap_or(0)),
            Err(seen) => seen,
        };
        let stored = self.store.get::<ReservedTotalRecord>(&account.key).await.map_err(messages::failed)?;
        let total = stored.map(|stored| stored.value.total);
        account.reserved_total.learn(seen, total);
        Ok(total.unwrap_or(0))
    }

    fn account(&self, id: AccountId) -> Result<Arc<Account>, KeyError> {
        if let Some(account) = self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(account));
        }
        let account = Account {
            key: ReservedTotalRecord::place(id)?,
            load: Arc::default(),
            reserved_total: StoredNumber::default(),
        };
        let mut all = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(all.entry(id).or_insert_with(|| Arc::new(account))))
    }
}

impl Function {
    fn new(key: Key, account: Arc<Account>) -> Self {
        let load = Arc::new(FunctionLoad::new(Arc::clone(&account.load)));
        Self { key, account, load, reserved: StoredNumber::default() }
    }
}

/// A function that is held, or whose invocations are counted, stays: it would be counted anew otherwise.
fn forget_unheld(shard: &mut HashMap<Key, Arc<Function>>) {
    shard.retain(|_, function| Arc::strong_count(function) > 1 || Arc::strong_count(&function.load) > 1);
}
