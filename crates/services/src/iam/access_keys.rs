//! Access keys. The secret is shown once, in the answer that creates it.

use super::find::Caller;
use super::page::Paging;
use super::records::{AccessKeyRecord, AccountRecord, KeyOwner, KeyStatus, UserRecord};
use super::target::Target;
use super::{Iam, ids, messages};
use crate::change::Plan;
use api::iam::{
    AccessKey, AccessKeyMetadata, CreateAccessKey, CreateAccessKeyRequest, CreateAccessKeyResponse,
    DeleteAccessKey, DeleteAccessKeyRequest, ListAccessKeys, ListAccessKeysRequest, ListAccessKeysResponse,
};
use api::{Handle, Request, Time};
use auth::ExposeSecret;
use store::Transaction;
use types::{AccountId, ServiceError};

/// Source: "IAM and STS quotas": access keys assigned to a user.
const PER_USER: usize = 2;

impl Handle<CreateAccessKey> for Iam {
    async fn handle(
        &self,
        request: Request<CreateAccessKeyRequest>,
    ) -> Result<CreateAccessKeyResponse, ServiceError> {
        let caller = Caller::of(&request);
        let name = user_only(Target::of(request.input.user_name.as_deref(), caller)?)?;
        let id = ids::access_key_id(&*self.random);
        let record = AccessKeyRecord {
            account: caller.account,
            owner: KeyOwner::User(name.clone()),
            secret: ids::secret_access_key(&*self.random),
            status: KeyStatus::Active,
            created: request.context.now,
        };
        self.change(&request.audit, || self.insert_key(caller, &name, &id, &record)).await?;
        let access_key = AccessKey {
            user_name: name,
            access_key_id: id,
            status: record.status.as_str().to_owned(),
            secret_access_key: record.secret.expose_secret().to_owned(),
            create_date: Some(Time(record.created.seconds() * 1000)),
        };
        Ok(CreateAccessKeyResponse { access_key })
    }
}

impl Handle<ListAccessKeys> for Iam {
    async fn handle(
        &self,
        request: Request<ListAccessKeysRequest>,
    ) -> Result<ListAccessKeysResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let (name, mut ids) = match Target::of(input.user_name.as_deref(), caller)? {
            Target::User(name) => {
                let user = self.find::<UserRecord>(caller, &name).await?.value;
                (Some(name), user.access_keys)
            }
            Target::Root => (None, self.root_key(caller.account).await?.into_iter().collect()),
        };
        ids.sort();
        let page = paging.cut(ids.into_iter().map(|id| (id.clone(), id)));
        let (is_truncated, marker) = (Some(page.is_truncated()), page.marker);
        let mut access_key_metadata = Vec::with_capacity(page.items.len());
        for id in page.items {
            access_key_metadata.extend(self.key_shown(name.as_deref(), id).await?);
        }
        Ok(ListAccessKeysResponse { access_key_metadata, is_truncated, marker })
    }
}

impl Handle<DeleteAccessKey> for Iam {
    async fn handle(&self, request: Request<DeleteAccessKeyRequest>) -> Result<(), ServiceError> {
        let caller = Caller::of(&request);
        let name = user_only(Target::of(request.input.user_name.as_deref(), caller)?)?;
        let id = &request.input.access_key_id;
        self.change(&request.audit, || self.delete_key(caller, &name, id)).await
    }
}

fn user_only(target: Target) -> Result<String, ServiceError> {
    match target {
        Target::User(name) => Ok(name),
        Target::Root => Err(messages::root_keys_are_configured()),
    }
}

impl Iam {
    async fn insert_key(
        &self,
        caller: Caller<'_>,
        name: &str,
        id: &str,
        record: &AccessKeyRecord,
    ) -> Plan<()> {
        let mut stored = self.find::<UserRecord>(caller, name).await?;
        if stored.value.access_keys.len() >= PER_USER {
            return Err(messages::too_many_access_keys(PER_USER));
        }
        stored.value.access_keys.push(id.to_owned());
        let place = AccessKeyRecord::place(id).map_err(messages::failed)?;
        let mut transaction = Transaction::new();
        transaction.replace(&stored.key, &stored.value, stored.revision).insert(&place, record);
        Ok((transaction, ()))
    }

    async fn delete_key(&self, caller: Caller<'_>, name: &str, id: &str) -> Plan<()> {
        let mut stored = self.find::<UserRecord>(caller, name).await?;
        let keys = &mut stored.value.access_keys;
        let position = keys.iter().position(|key| key == id);
        keys.remove(position.ok_or_else(|| messages::access_key_not_found(id))?);
        let place = AccessKeyRecord::place(id).map_err(messages::failed)?;
        let mut transaction = Transaction::new();
        transaction.replace(&stored.key, &stored.value, stored.revision).remove::<AccessKeyRecord>(&place);
        Ok((transaction, ()))
    }

    async fn root_key(&self, account: AccountId) -> Result<Option<String>, ServiceError> {
        let place = AccountRecord::place(account).map_err(messages::failed)?;
        let found = self.store.get::<AccountRecord>(&place).await.map_err(messages::failed)?;
        Ok(found.and_then(|stored| stored.value.root_access_key))
    }

    /// `None` for a key that was deleted since its owner was read.
    async fn key_shown(
        &self,
        name: Option<&str>,
        id: String,
    ) -> Result<Option<AccessKeyMetadata>, ServiceError> {
        let place = AccessKeyRecord::place(&id).map_err(messages::failed)?;
        let found = self.store.get::<AccessKeyRecord>(&place).await.map_err(messages::failed)?;
        Ok(found.map(|stored| AccessKeyMetadata {
            user_name: name.map(str::to_owned),
            access_key_id: Some(id),
            status: Some(stored.value.status.as_str().to_owned()),
            create_date: Some(Time(stored.value.created.seconds() * 1000)),
        }))
    }
}
