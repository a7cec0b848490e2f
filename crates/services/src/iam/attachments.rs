//! Managed policies attached to users and roles. The holder's record names the policy, the policy's record counts its
//! holders, and one transaction replaces both.

use super::find::{Caller, Holder};
use super::page::{Page, Paging};
use super::policies::Managed;
use super::records::{PlatformPolicyUseRecord, RoleRecord, UserRecord};
use super::{Iam, messages};
use crate::change::Plan;
use api::iam::{
    AttachRolePolicy, AttachRolePolicyRequest, AttachUserPolicy, AttachUserPolicyRequest, AttachedPolicy,
    DetachRolePolicy, DetachRolePolicyRequest, DetachUserPolicy, DetachUserPolicyRequest,
    ListAttachedRolePolicies, ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse,
    ListAttachedUserPolicies, ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse,
};
use api::{Handle, Request};
use store::Transaction;
use types::{AccountId, ServiceError};

impl Handle<AttachRolePolicy> for Iam {
    async fn handle(&self, request: Request<AttachRolePolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let plan = || self.attach::<RoleRecord>(caller, &input.role_name, &input.policy_arn);
        self.change(&request.audit, plan).await
    }
}

impl Handle<AttachUserPolicy> for Iam {
    async fn handle(&self, request: Request<AttachUserPolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let plan = || self.attach::<UserRecord>(caller, &input.user_name, &input.policy_arn);
        self.change(&request.audit, plan).await
    }
}

impl Handle<DetachRolePolicy> for Iam {
    async fn handle(&self, request: Request<DetachRolePolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let plan = || self.detach::<RoleRecord>(caller, &input.role_name, &input.policy_arn);
        self.change(&request.audit, plan).await
    }
}

impl Handle<DetachUserPolicy> for Iam {
    async fn handle(&self, request: Request<DetachUserPolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let plan = || self.detach::<UserRecord>(caller, &input.user_name, &input.policy_arn);
        self.change(&request.audit, plan).await
    }
}

impl Handle<ListAttachedRolePolicies> for Iam {
    async fn handle(
        &self,
        request: Request<ListAttachedRolePoliciesRequest>,
    ) -> Result<ListAttachedRolePoliciesResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = self.attached::<RoleRecord>(caller, &input.role_name, prefix, &paging).await?;
        let is_truncated = Some(page.is_truncated());
        Ok(ListAttachedRolePoliciesResponse {
            attached_policies: Some(page.items),
            is_truncated,
            marker: page.marker,
        })
    }
}

impl Handle<ListAttachedUserPolicies> for Iam {
    async fn handle(
        &self,
        request: Request<ListAttachedUserPoliciesRequest>,
    ) -> Result<ListAttachedUserPoliciesResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = self.attached::<UserRecord>(caller, &input.user_name, prefix, &paging).await?;
        let is_truncated = Some(page.is_truncated());
        Ok(ListAttachedUserPoliciesResponse {
            attached_policies: Some(page.items),
            is_truncated,
            marker: page.marker,
        })
    }
}

/// One more holder, or one less.
#[derive(Clone, Copy)]
enum Holders {
    More,
    Fewer,
}

impl Holders {
    fn of(self, count: u32) -> u32 {
        match self {
            Self::More => count.saturating_add(1),
            Self::Fewer => count.saturating_sub(1),
        }
    }
}

impl Iam {
    /// Attaching what is attached already changes nothing.
    async fn attach<H: Holder>(&self, caller: Caller<'_>, holder: &str, arn: &str) -> Plan<()> {
        let mut stored = self.find::<H>(caller, holder).await?;
        let policy = self.managed(caller.account, arn).await.map_err(messages::failed)?;
        let policy = policy.ok_or_else(|| messages::not_attachable(arn))?;
        let mut transaction = Transaction::new();
        if stored.value.grants_mut().attach(H::KIND, arn)? {
            transaction.replace(&stored.key, &stored.value, stored.revision);
            self.count_holders(&mut transaction, caller.account, arn, policy, Holders::More).await?;
        }
        Ok((transaction, ()))
    }

    async fn detach<H: Holder>(&self, caller: Caller<'_>, holder: &str, arn: &str) -> Plan<()> {
        let mut stored = self.find::<H>(caller, holder).await?;
        if !stored.value.grants_mut().attached.remove(arn) {
            return Err(messages::policy_not_found(arn));
        }
        let mut transaction = Transaction::new();
        transaction.replace(&stored.key, &stored.value, stored.revision);
        let policy = self.managed(caller.account, arn).await.map_err(messages::failed)?;
        let policy =
            policy.ok_or_else(|| messages::failed(format!("{arn} is attached and does not exist")))?;
        self.count_holders(&mut transaction, caller.account, arn, policy, Holders::Fewer).await?;
        Ok((transaction, ()))
    }

    async fn count_holders(
        &self,
        transaction: &mut Transaction,
        account: AccountId,
        arn: &str,
        policy: Managed,
        holders: Holders,
    ) -> Result<(), ServiceError> {
        if let Managed::Own(mut stored) = policy {
            stored.value.attachments = holders.of(stored.value.attachments);
            transaction.replace(&stored.key, &stored.value, stored.revision);
            return Ok(());
        }
        let place = PlatformPolicyUseRecord::place(account, arn).map_err(messages::failed)?;
        match self.store.get::<PlatformPolicyUseRecord>(&place).await.map_err(messages::failed)? {
            Some(stored) => {
                let attachments = holders.of(stored.value.attachments);
                transaction.replace(&place, &PlatformPolicyUseRecord { attachments }, stored.revision);
            }
            None => {
                transaction.insert(&place, &PlatformPolicyUseRecord { attachments: holders.of(0) });
            }
        }
        Ok(())
    }

    async fn attached<H: Holder>(
        &self,
        caller: Caller<'_>,
        holder: &str,
        path_prefix: &str,
        paging: &Paging,
    ) -> Result<Page<AttachedPolicy>, ServiceError> {
        let stored = self.find::<H>(caller, holder).await?;
        let arns = stored.value.grants().attached.iter();
        Ok(paging.cut(arns.filter(|arn| path_of(arn).starts_with(path_prefix)).map(|arn| {
            let name = arn.rsplit('/').next().map(str::to_owned);
            (arn.clone(), AttachedPolicy { policy_name: name, policy_arn: Some(arn.clone()) })
        })))
    }
}

/// The path in a policy's ARN, with both slashes.
fn path_of(arn: &str) -> &str {
    let resource = arn.split_once(":policy").map_or("/", |(_, resource)| resource);
    resource.rfind('/').map_or("/", |end| &resource[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_policy_is_read_from_its_arn() {
        assert_eq!(path_of("arn:aws:iam::aws:policy/ReadOnlyAccess"), "/");
        assert_eq!(path_of("arn:aws:iam::aws:policy/service-role/X"), "/service-role/");
        assert_eq!(path_of("arn:aws:iam::123456789012:policy/a/b/X"), "/a/b/");
    }
}
