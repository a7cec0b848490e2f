//! Identity and access management: accounts' owners, users, roles and their sessions, access keys and policies.
//!
//! A user or role is one record that holds its inline policies, the ARNs of its attached policies and the ids of its
//! access keys, so that each change of any of them depends on the record's revision. Invariants: an attachment names a
//! policy that exists, an access key belongs to somebody who exists, and the counts in records are right, because every
//! transaction that changes one side replaces the other side too.

mod access_keys;
mod account;
mod attachments;
mod change;
mod directory;
mod document;
mod error;
mod find;
mod grants;
mod ids;
mod inline;
mod messages;
mod page;
mod platform;
mod policies;
mod policy_list;
mod records;
mod refused;
mod roles;
mod root;
mod sessions;
mod target;
mod users;

pub use error::IamError;
pub use ids::{access_key_id, secret_access_key};
use records::{AccessKeyRecord, PolicyRecord, RoleRecord, UserRecord};
pub use sessions::SessionCredentials;
use std::sync::Arc;
use store::{Record, Store};
use types::{Clock, Random};

/// The tables that decide who somebody is and what they may do: each change of one of them makes remembered identities
/// out of date.
const TABLES: &[&str] = &[AccessKeyRecord::TABLE, UserRecord::TABLE, RoleRecord::TABLE, PolicyRecord::TABLE];

/// The service.
pub struct Iam {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Changes take turns: they are rare, and a turn costs less than starting over. Revisions, not turns, keep them
    /// right.
    turn: tokio::sync::Mutex<()>,
    sessions: sessions::Sessions,
}

impl Iam {
    /// The service over a store.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            store,
            clock,
            random,
            turn: tokio::sync::Mutex::new(()),
            sessions: sessions::Sessions::default(),
        }
    }

    /// Keeps what `identities` remembers right: a change of users, roles, keys or policies empties it, and a session that
    /// ends is forgotten, each before the change or the end is answered.
    pub fn keep_current(&self, identities: &Arc<api::Identities>) {
        for table in TABLES {
            let remembering = Arc::downgrade(identities);
            self.store.subscribe(table, move |_| {
                if let Some(identities) = remembering.upgrade() {
                    identities.forget();
                }
            });
        }
        let remembering = Arc::downgrade(identities);
        self.sessions.listen(move |access_key_id| {
            if let Some(identities) = remembering.upgrade() {
                identities.forget_key(access_key_id);
            }
        });
    }

    /// Adds the operations of this service to `handlers`.
    #[must_use]
    pub fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        let handlers = self.serve_users(handlers);
        let handlers = self.serve_roles(handlers);
        self.serve_policies(handlers)
    }

    fn serve_users(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        use api::iam;
        handlers
            .on::<iam::CreateUser, _>(self)
            .on::<iam::GetUser, _>(self)
            .on::<iam::ListUsers, _>(self)
            .on::<iam::DeleteUser, _>(self)
            .on::<iam::CreateAccessKey, _>(self)
            .on::<iam::ListAccessKeys, _>(self)
            .on::<iam::DeleteAccessKey, _>(self)
            .on::<iam::PutUserPolicy, _>(self)
            .on::<iam::GetUserPolicy, _>(self)
            .on::<iam::DeleteUserPolicy, _>(self)
            .on::<iam::ListUserPolicies, _>(self)
            .on::<iam::AttachUserPolicy, _>(self)
            .on::<iam::DetachUserPolicy, _>(self)
            .on::<iam::ListAttachedUserPolicies, _>(self)
    }

    fn serve_roles(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        use api::iam;
        handlers
            .on::<iam::CreateRole, _>(self)
            .on::<iam::GetRole, _>(self)
            .on::<iam::ListRoles, _>(self)
            .on::<iam::DeleteRole, _>(self)
            .on::<iam::PutRolePolicy, _>(self)
            .on::<iam::GetRolePolicy, _>(self)
            .on::<iam::DeleteRolePolicy, _>(self)
            .on::<iam::ListRolePolicies, _>(self)
            .on::<iam::AttachRolePolicy, _>(self)
            .on::<iam::DetachRolePolicy, _>(self)
            .on::<iam::ListAttachedRolePolicies, _>(self)
    }

    fn serve_policies(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        use api::iam;
        handlers
            .on::<iam::CreatePolicy, _>(self)
            .on::<iam::GetPolicy, _>(self)
            .on::<iam::GetPolicyVersion, _>(self)
            .on::<iam::ListPolicies, _>(self)
            .on::<iam::DeletePolicy, _>(self)
    }
}
