//! Managed policies: those of the account, and those of the platform.

use super::account::{Counted, Step};
use super::platform::{self, PlatformPolicy};
use super::records::{self, PlatformPolicyUseRecord, PolicyRecord};
use super::{Iam, document, ids, messages, refused};
use crate::change::Plan;
use api::iam::{
    CreatePolicy, CreatePolicyRequest, CreatePolicyResponse, DeletePolicy, DeletePolicyRequest, GetPolicy,
    GetPolicyRequest, GetPolicyResponse, GetPolicyVersion, GetPolicyVersionRequest, GetPolicyVersionResponse,
    Policy, PolicyVersion,
};
use api::{Handle, Request, Time};
use store::{StoreError, Stored, Transaction};
use types::{AccountId, ServiceError};

/// The only version of a policy there is: operations that make others are not built.
const VERSION: &str = "v1";

/// A policy that can be attached.
pub(super) enum Managed {
    /// Of the platform.
    Platform(&'static PlatformPolicy),
    /// Of the account.
    Own(Stored<PolicyRecord>),
}

impl Managed {
    pub(super) fn document(&self) -> &str {
        match self {
            Self::Platform(policy) => policy.document,
            Self::Own(stored) => &stored.value.document,
        }
    }
}

impl PolicyRecord {
    fn arn(&self) -> String {
        format!("arn:aws:iam::{}:policy{}{}", self.account, self.path, self.name)
    }
}

impl Handle<CreatePolicy> for Iam {
    async fn handle(
        &self,
        request: Request<CreatePolicyRequest>,
    ) -> Result<CreatePolicyResponse, ServiceError> {
        let input = &request.input;
        refused::tags(input.tags.as_ref())?;
        document::check_managed(&input.policy_document)?;
        let record = PolicyRecord {
            account: request.context.account,
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            name: input.policy_name.clone(),
            id: ids::policy(&*self.random),
            created: request.context.now,
            description: input.description.clone().filter(|d| !d.is_empty()),
            document: input.policy_document.clone(),
            attachments: 0,
        };
        self.change(&request.audit, || self.insert_policy(&record)).await?;
        // Source: Description is shown by GetPolicy only.
        Ok(CreatePolicyResponse { policy: Some(Policy { description: None, ..own_shown(&record) }) })
    }
}

impl Handle<GetPolicy> for Iam {
    async fn handle(&self, request: Request<GetPolicyRequest>) -> Result<GetPolicyResponse, ServiceError> {
        let (account, arn) = (request.context.account, &request.input.policy_arn);
        let policy = match self.existing(account, arn).await? {
            Managed::Own(stored) => own_shown(&stored.value),
            Managed::Platform(policy) => platform_shown(policy, self.platform_use(account, arn).await?),
        };
        Ok(GetPolicyResponse { policy: Some(policy) })
    }
}

impl Handle<GetPolicyVersion> for Iam {
    async fn handle(
        &self,
        request: Request<GetPolicyVersionRequest>,
    ) -> Result<GetPolicyVersionResponse, ServiceError> {
        let input = &request.input;
        let policy = self.existing(request.context.account, &input.policy_arn).await?;
        if input.version_id != VERSION {
            return Err(messages::version_not_found(&input.policy_arn, &input.version_id));
        }
        let created = match &policy {
            Managed::Own(stored) => stored.value.created,
            Managed::Platform(_) => platform::CREATED,
        };
        let version = PolicyVersion {
            document: Some(document::encoded(policy.document())),
            version_id: Some(VERSION.to_owned()),
            is_default_version: Some(true),
            create_date: Some(Time(created.seconds() * 1000)),
        };
        Ok(GetPolicyVersionResponse { policy_version: Some(version) })
    }
}

impl Handle<DeletePolicy> for Iam {
    async fn handle(&self, request: Request<DeletePolicyRequest>) -> Result<(), ServiceError> {
        let (account, arn) = (request.context.account, &request.input.policy_arn);
        self.change(&request.audit, || self.delete_policy(account, arn)).await
    }
}

impl Iam {
    /// The policy with this ARN: the platform's or the account's own.
    pub(super) async fn managed(&self, account: AccountId, arn: &str) -> Result<Option<Managed>, StoreError> {
        if let Some(policy) = platform::find(arn) {
            return Ok(Some(Managed::Platform(policy)));
        }
        let name = arn.rsplit('/').next().unwrap_or_default();
        let Ok(place) = records::named(account, name) else { return Ok(None) };
        let stored = self.store.get::<PolicyRecord>(&place).await?;
        Ok(stored.filter(|stored| stored.value.arn() == arn).map(Managed::Own))
    }

    async fn existing(&self, account: AccountId, arn: &str) -> Result<Managed, ServiceError> {
        let found = self.managed(account, arn).await.map_err(messages::failed)?;
        found.ok_or_else(|| messages::policy_not_found(arn))
    }

    async fn insert_policy(&self, record: &PolicyRecord) -> Plan<()> {
        let place = records::named(record.account, &record.name).map_err(messages::failed)?;
        if self.store.get::<PolicyRecord>(&place).await.map_err(messages::failed)?.is_some() {
            return Err(messages::policy_exists(&record.name));
        }
        let mut transaction = Transaction::new();
        transaction.insert(&place, record);
        self.count(&mut transaction, record.account, Counted::Policies, Step::Added).await?;
        Ok((transaction, ()))
    }

    /// An attachment changes the policy's record, so that the revision makes sure that none was made meanwhile.
    async fn delete_policy(&self, account: AccountId, arn: &str) -> Plan<()> {
        let Managed::Own(stored) = self.existing(account, arn).await? else {
            return Err(messages::outside_account());
        };
        if stored.value.attachments > 0 {
            return Err(messages::policy_attached());
        }
        let mut transaction = Transaction::new();
        transaction.delete::<PolicyRecord>(&stored.key, stored.revision);
        self.count(&mut transaction, account, Counted::Policies, Step::Removed).await?;
        Ok((transaction, ()))
    }

    async fn platform_use(&self, account: AccountId, arn: &str) -> Result<u32, ServiceError> {
        let place = PlatformPolicyUseRecord::place(account, arn).map_err(messages::failed)?;
        let found = self.store.get::<PlatformPolicyUseRecord>(&place).await.map_err(messages::failed)?;
        Ok(found.map_or(0, |stored| stored.value.attachments))
    }
}

pub(super) fn own_shown(policy: &PolicyRecord) -> Policy {
    Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.clone()),
        arn: Some(policy.arn()),
        path: Some(policy.path.clone()),
        default_version_id: Some(VERSION.to_owned()),
        attachment_count: Some(i64::from(policy.attachments)),
        permissions_boundary_usage_count: Some(0),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(Time(policy.created.seconds() * 1000)),
        update_date: Some(Time(policy.created.seconds() * 1000)),
        tags: None,
    }
}

pub(super) fn platform_shown(policy: &PlatformPolicy, attachments: u32) -> Policy {
    Policy {
        policy_name: Some(policy.name.to_owned()),
        policy_id: Some(policy.id.to_owned()),
        arn: Some(policy.arn()),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(VERSION.to_owned()),
        attachment_count: Some(i64::from(attachments)),
        permissions_boundary_usage_count: Some(0),
        is_attachable: Some(true),
        description: Some(policy.description.to_owned()),
        create_date: Some(Time(platform::CREATED.millis())),
        update_date: Some(Time(platform::CREATED.millis())),
        tags: None,
    }
}
