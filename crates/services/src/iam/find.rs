//! Finds users and roles by name, for a caller whose permission was given by the name alone.
//!
//! Invariant: names are found only in the spelling in which they were given, because permissions compare exactly. Whoever
//! has a path has an ARN that the name alone does not tell, and callers may leave their own name out: such a one is found
//! only by callers whose policies allow the action on that ARN too.

use super::grants::{Grants, Kind};
use super::records::{self, RoleRecord, UserRecord};
use super::{Iam, messages};
use api::Request;
use auth::policy::Question;
use auth::{Permit, Principal};
use std::sync::Arc;
use store::{Record, Stored};
use types::{AccountId, ServiceError};

/// What holds policies: a user or a role.
pub(super) trait Holder: Record + Sync {
    const KIND: Kind;
    fn name(&self) -> &str;
    fn path(&self) -> &str;
    fn arn(&self) -> String;
    fn grants(&self) -> &Grants;
    fn grants_mut(&mut self) -> &mut Grants;
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) account: AccountId,
    pub(super) permit: &'a Permit,
}

impl<'a> Caller<'a> {
    pub(super) fn of<I>(request: &'a Request<I>) -> Self {
        Self { account: request.context.account, permit: &request.permit }
    }
}

impl Iam {
    /// The user or role of this name in the caller's account.
    pub(super) async fn find<H: Holder>(
        &self,
        caller: Caller<'_>,
        name: &str,
    ) -> Result<Stored<H>, ServiceError> {
        let found = self.named::<H>(caller.account, name).await.map_err(messages::failed)?;
        let stored = found.ok_or_else(|| messages::not_found(H::KIND, name))?;
        let arn = stored.value.arn();
        if stored.value.path() != "/" || arn == caller.permit.principal().arn() {
            self.permit_on(caller.permit, &arn).await?;
        }
        Ok(stored)
    }

    /// The user or role of exactly this name.
    pub(super) async fn named<H: Holder>(
        &self,
        account: AccountId,
        name: &str,
    ) -> Result<Option<Stored<H>>, store::StoreError> {
        let stored = self.store.get::<H>(&records::named(account, name)?).await?;
        Ok(stored.filter(|stored| stored.value.name() == name))
    }

    async fn permit_on(&self, permit: &Permit, arn: &str) -> Result<(), ServiceError> {
        let principal = permit.principal();
        if matches!(principal, Principal::Root(_)) {
            return Ok(());
        }
        let identity = self.identity(principal).await.map_err(messages::failed)?;
        let question = Question { action: permit.action(), resource: arn, context: permit.context() };
        auth::permit(&Arc::new(identity), &[question.into()])
            .map(drop)
            .map_err(|denied| messages::denied(&denied))
    }
}

impl Holder for UserRecord {
    const KIND: Kind = Kind::User;

    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn arn(&self) -> String {
        format!("arn:aws:iam::{}:user{}{}", self.account, self.path, self.name)
    }

    fn grants(&self) -> &Grants {
        &self.grants
    }

    fn grants_mut(&mut self) -> &mut Grants {
        &mut self.grants
    }
}

impl Holder for RoleRecord {
    const KIND: Kind = Kind::Role;

    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, self.path, self.name)
    }

    fn grants(&self) -> &Grants {
        &self.grants
    }

    fn grants_mut(&mut self) -> &mut Grants {
        &mut self.grants
    }
}
