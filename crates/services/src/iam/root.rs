//! The owner of an account: no user, needs no policies, and has the access key that the operator chose.

use super::records::{AccessKeyRecord, AccountRecord, KeyOwner, KeyStatus};
use super::{Iam, IamError};
use auth::{ExposeSecret, SecretString};
use store::{StoreError, Transaction};
use types::{AccountId, Timestamp};

/// Source: the model's constraint on access key ids: 16 to 128 word characters.
const ID_CHARACTERS: std::ops::RangeInclusive<usize> = 16..=128;
/// Our own bounds on a secret that an operator chooses.
const SECRET_CHARACTERS: std::ops::RangeInclusive<usize> = 16..=128;
/// How often the key is set anew when the account changes meanwhile.
const TRIES: usize = 16;

impl Iam {
    /// Makes sure that the account exists and that its owner has exactly this access key: another one that was set before
    /// is good no longer. Nothing is written where that is so already.
    ///
    /// # Errors
    /// An id or secret of the wrong form, an id that is somebody else's, and what the store says.
    pub async fn ensure_root_access_key(
        &self,
        account: AccountId,
        access_key_id: &str,
        secret: SecretString,
    ) -> Result<(), IamError> {
        check(access_key_id, &secret)?;
        let _turn = self.turn.lock().await;
        for _ in 0..TRIES {
            let Some(transaction) = self.root_key_change(account, access_key_id, &secret).await? else {
                return Ok(());
            };
            match self.store.commit(transaction).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(IamError::Restless(account))
    }

    /// What has to be written, if anything.
    async fn root_key_change(
        &self,
        account: AccountId,
        id: &str,
        secret: &SecretString,
    ) -> Result<Option<Transaction>, IamError> {
        let place = AccountRecord::place(account)?;
        let key_place = AccessKeyRecord::place(id)?;
        let stored_account = self.store.get::<AccountRecord>(&place).await?;
        let stored_key = self.store.get::<AccessKeyRecord>(&key_place).await?;
        let former = stored_account.as_ref().and_then(|s| s.value.root_access_key.clone());
        if stored_key.as_ref().is_some_and(|s| s.value.account != account || s.value.owner != KeyOwner::Root)
        {
            return Err(IamError::Taken(id.to_owned()));
        }
        if former.as_deref() == Some(id) && stored_key.as_ref().is_some_and(|s| is_good_for(&s.value, secret))
        {
            return Ok(None);
        }
        let mut transaction = Transaction::new();
        if let Some(former) = former.filter(|former| former != id) {
            transaction.remove::<AccessKeyRecord>(&AccessKeyRecord::place(&former)?);
        }
        let now = self.clock.now();
        let key = root_key(account, secret, now);
        match stored_key {
            Some(stored) => transaction.replace(&key_place, &key, stored.revision),
            None => transaction.insert(&key_place, &key),
        };
        let root_access_key = Some(id.to_owned());
        match stored_account {
            Some(stored) => {
                let record = AccountRecord { root_access_key, ..stored.value };
                transaction.replace(&place, &record, stored.revision)
            }
            None => transaction.insert(&place, &AccountRecord { root_access_key, ..AccountRecord::new(now) }),
        };
        Ok(Some(transaction))
    }
}

fn root_key(account: AccountId, secret: &SecretString, created: Timestamp) -> AccessKeyRecord {
    AccessKeyRecord {
        account,
        owner: KeyOwner::Root,
        secret: secret.clone(),
        status: KeyStatus::Active,
        created,
    }
}

fn is_good_for(key: &AccessKeyRecord, secret: &SecretString) -> bool {
    key.status == KeyStatus::Active && key.secret.expose_secret() == secret.expose_secret()
}

fn check(id: &str, secret: &SecretString) -> Result<(), IamError> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if !ID_CHARACTERS.contains(&id.len()) || !id.bytes().all(is_word) {
        return Err(IamError::Id);
    }
    let secret = secret.expose_secret();
    if !SECRET_CHARACTERS.contains(&secret.len()) || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(IamError::Secret);
    }
    Ok(())
}
