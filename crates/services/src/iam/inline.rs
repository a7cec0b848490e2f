//! Inline policies: those written into one user or role.

use super::find::{Caller, Holder};
use super::page::{Page, Paging};
use super::records::{RoleRecord, UserRecord};
use super::{Iam, document, messages};
use crate::change::Plan;
use api::iam::{
    DeleteRolePolicy, DeleteRolePolicyRequest, DeleteUserPolicy, DeleteUserPolicyRequest, GetRolePolicy,
    GetRolePolicyRequest, GetRolePolicyResponse, GetUserPolicy, GetUserPolicyRequest, GetUserPolicyResponse,
    ListRolePolicies, ListRolePoliciesRequest, ListRolePoliciesResponse, ListUserPolicies,
    ListUserPoliciesRequest, ListUserPoliciesResponse, PutRolePolicy, PutRolePolicyRequest, PutUserPolicy,
    PutUserPolicyRequest,
};
use api::{Handle, Request};
use store::Transaction;
use types::ServiceError;

impl Handle<PutRolePolicy> for Iam {
    async fn handle(&self, request: Request<PutRolePolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        document::check_inline(&input.policy_document)?;
        let plan = || {
            self.put_inline::<RoleRecord>(
                caller,
                &input.role_name,
                &input.policy_name,
                &input.policy_document,
            )
        };
        self.change(&request.audit, plan).await
    }
}

impl Handle<PutUserPolicy> for Iam {
    async fn handle(&self, request: Request<PutUserPolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        document::check_inline(&input.policy_document)?;
        let plan = || {
            self.put_inline::<UserRecord>(
                caller,
                &input.user_name,
                &input.policy_name,
                &input.policy_document,
            )
        };
        self.change(&request.audit, plan).await
    }
}

impl Handle<GetRolePolicy> for Iam {
    async fn handle(
        &self,
        request: Request<GetRolePolicyRequest>,
    ) -> Result<GetRolePolicyResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let policy_document = self.inline::<RoleRecord>(caller, &input.role_name, &input.policy_name).await?;
        let GetRolePolicyRequest { role_name, policy_name } = request.input;
        Ok(GetRolePolicyResponse { role_name, policy_name, policy_document })
    }
}

impl Handle<GetUserPolicy> for Iam {
    async fn handle(
        &self,
        request: Request<GetUserPolicyRequest>,
    ) -> Result<GetUserPolicyResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let policy_document = self.inline::<UserRecord>(caller, &input.user_name, &input.policy_name).await?;
        let GetUserPolicyRequest { user_name, policy_name } = request.input;
        Ok(GetUserPolicyResponse { user_name, policy_name, policy_document })
    }
}

impl Handle<DeleteRolePolicy> for Iam {
    async fn handle(&self, request: Request<DeleteRolePolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let plan = || self.delete_inline::<RoleRecord>(caller, &input.role_name, &input.policy_name);
        self.change(&request.audit, plan).await
    }
}

impl Handle<DeleteUserPolicy> for Iam {
    async fn handle(&self, request: Request<DeleteUserPolicyRequest>) -> Result<(), ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let plan = || self.delete_inline::<UserRecord>(caller, &input.user_name, &input.policy_name);
        self.change(&request.audit, plan).await
    }
}

impl Handle<ListRolePolicies> for Iam {
    async fn handle(
        &self,
        request: Request<ListRolePoliciesRequest>,
    ) -> Result<ListRolePoliciesResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let page = self.inline_names::<RoleRecord>(caller, &input.role_name, &paging).await?;
        let is_truncated = Some(page.is_truncated());
        Ok(ListRolePoliciesResponse { policy_names: page.items, is_truncated, marker: page.marker })
    }
}

impl Handle<ListUserPolicies> for Iam {
    async fn handle(
        &self,
        request: Request<ListUserPoliciesRequest>,
    ) -> Result<ListUserPoliciesResponse, ServiceError> {
        let (caller, input) = (Caller::of(&request), &request.input);
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let page = self.inline_names::<UserRecord>(caller, &input.user_name, &paging).await?;
        let is_truncated = Some(page.is_truncated());
        Ok(ListUserPoliciesResponse { policy_names: page.items, is_truncated, marker: page.marker })
    }
}

impl Iam {
    async fn put_inline<H: Holder>(
        &self,
        caller: Caller<'_>,
        holder: &str,
        name: &str,
        document: &str,
    ) -> Plan<()> {
        let mut stored = self.find::<H>(caller, holder).await?;
        stored.value.grants_mut().put_inline(H::KIND, holder, name, document)?;
        let mut transaction = Transaction::new();
        transaction.replace(&stored.key, &stored.value, stored.revision);
        Ok((transaction, ()))
    }

    async fn delete_inline<H: Holder>(&self, caller: Caller<'_>, holder: &str, name: &str) -> Plan<()> {
        let mut stored = self.find::<H>(caller, holder).await?;
        let removed = stored.value.grants_mut().inline.remove(name);
        removed.ok_or_else(|| messages::inline_not_found(H::KIND, name))?;
        let mut transaction = Transaction::new();
        transaction.replace(&stored.key, &stored.value, stored.revision);
        Ok((transaction, ()))
    }

    /// The document, as answers hold it.
    async fn inline<H: Holder>(
        &self,
        caller: Caller<'_>,
        holder: &str,
        name: &str,
    ) -> Result<String, ServiceError> {
        let stored = self.find::<H>(caller, holder).await?;
        let found = stored.value.grants().inline.get(name);
        let found = found.ok_or_else(|| messages::inline_not_found(H::KIND, name))?;
        Ok(document::encoded(found))
    }

    async fn inline_names<H: Holder>(
        &self,
        caller: Caller<'_>,
        holder: &str,
        paging: &Paging,
    ) -> Result<Page<String>, ServiceError> {
        let stored = self.find::<H>(caller, holder).await?;
        Ok(paging.cut(stored.value.grants().inline.keys().map(|name| (name.clone(), name.clone()))))
    }
}
