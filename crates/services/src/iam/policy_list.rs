//! Managed policies in one list: the platform's first, then the account's own, each in the order of their names.

use super::page::{Page, Paging};
use super::policies::{own_shown, platform_shown};
use super::records::{PlatformPolicyUseRecord, PolicyRecord};
use super::{Iam, platform};
use api::iam::{ListPolicies, ListPoliciesRequest, ListPoliciesResponse, Policy};
use api::{Handle, Request};
use std::collections::HashMap;
use types::{AccountId, ServiceError};

impl Handle<ListPolicies> for Iam {
    async fn handle(
        &self,
        request: Request<ListPoliciesRequest>,
    ) -> Result<ListPoliciesResponse, ServiceError> {
        let input = &request.input;
        let paging = Paging::of(input.marker.as_deref(), input.max_items)?;
        let page = match input.policy_usage_filter.as_deref() {
            // No policy is a boundary of anybody.
            Some("PermissionsBoundary") => paging.cut(std::iter::empty()),
            _ => self.listed(request.context.account, input, &paging).await?,
        };
        let is_truncated = Some(page.is_truncated());
        let policies = page.items.into_iter().map(|policy| Policy { description: None, ..policy }).collect();
        Ok(ListPoliciesResponse { policies: Some(policies), is_truncated, marker: page.marker })
    }
}

impl Iam {
    async fn listed(
        &self,
        account: AccountId,
        input: &ListPoliciesRequest,
        paging: &Paging,
    ) -> Result<Page<Policy>, ServiceError> {
        let scope = input.scope.as_deref().unwrap_or("All");
        let mut all = Vec::new();
        if scope != "Local" {
            all.extend(self.platforms_listed(account).await?);
        }
        if scope != "AWS" {
            let own = self.all::<PolicyRecord>(account).await?.into_iter();
            all.extend(own.map(|(name, policy)| (format!("2{name}"), own_shown(&policy))));
        }
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let attached_only = input.only_attached == Some(true);
        let is_meant = |policy: &Policy| {
            policy.path.as_deref().is_some_and(|path| path.starts_with(prefix))
                && (!attached_only || policy.attachment_count != Some(0))
        };
        Ok(paging.cut(all.into_iter().filter(|(_, policy)| is_meant(policy))))
    }

    async fn platforms_listed(&self, account: AccountId) -> Result<Vec<(String, Policy)>, ServiceError> {
        let uses: HashMap<_, _> = self.all::<PlatformPolicyUseRecord>(account).await?.into_iter().collect();
        let shown = platform::ALL.iter().map(|policy| {
            let count = uses.get(&policy.arn()).map_or(0, |used| used.attachments);
            (format!("1{}", policy.name), platform_shown(policy, count))
        });
        Ok(shown.collect())
    }
}
