//! Users.

use super::account::{Counted, Step};
use super::find::{Caller, Holder};
use super::grants::{Grants, Kind};
use super::page::Paging;
use super::records::{self, AccountRecord, UserRecord};
use super::target::Target;
use super::{Iam, ids, messages, refused};
use crate::change::Plan;
use api::iam::{
    CreateUser, CreateUserRequest, CreateUserResponse, DeleteUser, DeleteUserRequest, GetUser,
    GetUserRequest, GetUserResponse, ListUsers, ListUsersRequest, ListUsersResponse, User,
};
use api::{Handle, Request, Time};
use store::Transaction;
use types::{AccountId, ServiceError};

impl Handle<CreateUser> for Iam {
    async fn handle(&self, request: Request<CreateUserRequest>) -> Result<CreateUserResponse, ServiceError> {
        let input = &request.input;
        refused::tags(input.tags.as_ref())?;
        refused::boundary(input.permissions_boundary.as_deref())?;
        let record = UserRecord {
            account: request.context.account,
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            name: input.user_name.clone(),
            id: ids::user(&*self.random),
            created: request.context.now,
            access_keys: Vec::new(),
            grants: Grants::default(),
        };
        self.change(&request.audit, || self.insert_user(&record)).await?;
        Ok(CreateUserResponse { user: Some(shown(&record)) })
    }
}

impl Handle<GetUser> for Iam {
    async fn handle(&self, request: Request<GetUserRequest>) -> Result<GetUserResponse, ServiceError> {
        let caller = Caller::of(&request);
        let user = match Target::of(request.input.user_name.as_deref(), caller)? {
            Target::User(name) => shown(&self.find::<UserRecord>(caller, &name).await?.value),
            Target::Root => self.root_user(caller.account).await?,
        };
        Ok(GetUserResponse { user })
    }
}

impl Handle<ListUsers> for Iam {
    async fn handle(&self, request: Request<ListUsersRequest>) -> Result<ListUsersResponse, ServiceError> {
        let input = &request.input;
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let below = |user: &UserRecord| user.path.starts_with(prefix);
        let page = self.page(request.context.account, &paging, below).await?.map(|user| shown(&user));
        let is_truncated = Some(page.is_truncated());
        Ok(ListUsersResponse { users: page.items, is_truncated, marker: page.marker })
    }
}

impl Handle<DeleteUser> for Iam {
    async fn handle(&self, request: Request<DeleteUserRequest>) -> Result<(), ServiceError> {
        let (caller, name) = (Caller::of(&request), &request.input.user_name);
        self.change(&request.audit, || self.delete_user(caller, name)).await
    }
}

impl Iam {
    async fn insert_user(&self, record: &UserRecord) -> Plan<()> {
        let place = records::named(record.account, &record.name).map_err(messages::failed)?;
        if self.store.get::<UserRecord>(&place).await.map_err(messages::failed)?.is_some() {
            return Err(messages::already_exists(Kind::User, &record.name));
        }
        let mut transaction = Transaction::new();
        transaction.insert(&place, record);
        self.count(&mut transaction, record.account, Counted::Users, Step::Added).await?;
        Ok((transaction, ()))
    }

    /// Only a user with nothing left can be deleted; the revision makes sure that nothing was added meanwhile.
    async fn delete_user(&self, caller: Caller<'_>, name: &str) -> Plan<()> {
        let stored = self.find::<UserRecord>(caller, name).await?;
        let user = &stored.value;
        if !user.access_keys.is_empty() {
            return Err(messages::must_delete_access_keys());
        }
        user.grants.must_be_empty()?;
        let mut transaction = Transaction::new();
        transaction.delete::<UserRecord>(&stored.key, stored.revision);
        self.count(&mut transaction, caller.account, Counted::Users, Step::Removed).await?;
        Ok((transaction, ()))
    }

    /// The owner, as GetUser shows it: with the account's number for an id.
    async fn root_user(&self, account: AccountId) -> Result<User, ServiceError> {
        let place = AccountRecord::place(account).map_err(messages::failed)?;
        let found = self.store.get::<AccountRecord>(&place).await.map_err(messages::failed)?;
        let created = found.map_or_else(|| self.clock.now(), |stored| stored.value.created);
        Ok(User {
            path: "/".to_owned(),
            user_name: "root".to_owned(),
            user_id: account.to_string(),
            arn: format!("arn:aws:iam::{account}:root"),
            create_date: Time(created.seconds() * 1000),
            ..User::default()
        })
    }
}

fn shown(user: &UserRecord) -> User {
    User {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.id.clone(),
        arn: user.arn(),
        create_date: Time(user.created.seconds() * 1000),
        ..User::default()
    }
}
