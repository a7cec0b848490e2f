//! Roles.

use super::account::{Counted, Step};
use super::find::{Caller, Holder};
use super::grants::{Grants, Kind};
use super::page::Paging;
use super::records::{self, RoleRecord};
use super::{Iam, document, ids, messages, refused};
use crate::change::Plan;
use api::iam::{
    CreateRole, CreateRoleRequest, CreateRoleResponse, DeleteRole, DeleteRoleRequest, GetRole,
    GetRoleRequest, GetRoleResponse, ListRoles, ListRolesRequest, ListRolesResponse, Role, RoleLastUsed,
};
use api::{Handle, Request, Time};
use store::Transaction;
use types::ServiceError;

/// Source: API reference, MaxSessionDuration: "If you do not specify a value for this setting, the default value of one
/// hour is applied."
const SESSION_SECONDS: u32 = 3600;

impl Handle<CreateRole> for Iam {
    async fn handle(&self, request: Request<CreateRoleRequest>) -> Result<CreateRoleResponse, ServiceError> {
        let input = &request.input;
        refused::tags(input.tags.as_ref())?;
        refused::boundary(input.permissions_boundary.as_deref())?;
        document::check_trust(&input.assume_role_policy_document)?;
        let seconds = input.max_session_duration.and_then(|s| u32::try_from(s).ok());
        let record = RoleRecord {
            account: request.context.account,
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            name: input.role_name.clone(),
            id: ids::role(&*self.random),
            created: request.context.now,
            description: input.description.clone().filter(|d| !d.is_empty()),
            max_session_seconds: seconds.unwrap_or(SESSION_SECONDS),
            trust: input.assume_role_policy_document.clone(),
            grants: Grants::default(),
        };
        self.change(&request.audit, || self.insert_role(&record)).await?;
        Ok(CreateRoleResponse { role: shown(&record) })
    }
}

impl Handle<GetRole> for Iam {
    async fn handle(&self, request: Request<GetRoleRequest>) -> Result<GetRoleResponse, ServiceError> {
        let stored = self.find::<RoleRecord>(Caller::of(&request), &request.input.role_name).await?;
        // Source: a role that was never used is shown with an empty RoleLastUsed.
        let role_last_used = Some(RoleLastUsed::default());
        Ok(GetRoleResponse { role: Role { role_last_used, ..shown(&stored.value) } })
    }
}

impl Handle<ListRoles> for Iam {
    async fn handle(&self, request: Request<ListRolesRequest>) -> Result<ListRolesResponse, ServiceError> {
        let input = &request.input;
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let below = |role: &RoleRecord| role.path.starts_with(prefix);
        let page = self.page(request.context.account, &paging, below).await?.map(|role| shown(&role));
        let is_truncated = Some(page.is_truncated());
        Ok(ListRolesResponse { roles: page.items, is_truncated, marker: page.marker })
    }
}

impl Handle<DeleteRole> for Iam {
    async fn handle(&self, request: Request<DeleteRoleRequest>) -> Result<(), ServiceError> {
        let (caller, name) = (Caller::of(&request), &request.input.role_name);
        self.change(&request.audit, || self.delete_role(caller, name)).await
    }
}

impl Iam {
    async fn insert_role(&self, record: &RoleRecord) -> Plan<()> {
        let place = records::named(record.account, &record.name).map_err(messages::failed)?;
        if self.store.get::<RoleRecord>(&place).await.map_err(messages::failed)?.is_some() {
            return Err(messages::already_exists(Kind::Role, &record.name));
        }
        let mut transaction = Transaction::new();
        transaction.insert(&place, record);
        self.count(&mut transaction, record.account, Counted::Roles, Step::Added).await?;
        Ok((transaction, ()))
    }

    /// Only a role with nothing left can be deleted; the revision makes sure that nothing was added meanwhile.
    async fn delete_role(&self, caller: Caller<'_>, name: &str) -> Plan<()> {
        let stored = self.find::<RoleRecord>(caller, name).await?;
        stored.value.grants.must_be_empty()?;
        let mut transaction = Transaction::new();
        transaction.delete::<RoleRecord>(&stored.key, stored.revision);
        self.count(&mut transaction, caller.account, Counted::Roles, Step::Removed).await?;
        Ok((transaction, ()))
    }
}

fn shown(role: &RoleRecord) -> Role {
    Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: role.arn(),
        create_date: Time(role.created.seconds() * 1000),
        assume_role_policy_document: Some(document::encoded(&role.trust)),
        description: role.description.clone(),
        max_session_duration: Some(i64::from(role.max_session_seconds)),
        ..Role::default()
    }
}
