//! Who an access key stands for, and whom a role trusts.
//!
//! Invariant: an identity has all of its policies or there is none: what can't be read might have been a deny.

use super::find::Holder;
use super::records::{AccessKeyRecord, KeyOwner, KeyStatus, RoleRecord, UserRecord};
use super::sessions::Session;
use super::{Iam, records};
use auth::policy::{Policy, PolicyError, TrustPolicy, parse_identity_policy, parse_trust_policy};
use auth::{Credential, Directory, DirectoryError, Identity, Principal};
use std::sync::Arc;
use store::StoreError;
use types::{AccountId, Arn, BoxFuture};

/// How often an identity is read anew when its policies change while they are read.
const TRIES: usize = 16;

/// Why an identity can't be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a stored policy of {arn} is not understood: {source}")]
    Policy { arn: String, source: PolicyError },
    #[error("the policies of {0} kept changing while they were read")]
    Restless(String),
}

impl From<Untold> for DirectoryError {
    fn from(error: Untold) -> Self {
        Self::Unreadable(Box::new(error))
    }
}

impl Directory for Iam {
    fn credential<'a>(
        &'a self,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, DirectoryError>> {
        Box::pin(async move { Ok(self.credential_of(access_key_id).await?) })
    }

    fn role_trust<'a>(
        &'a self,
        role_arn: &'a str,
    ) -> BoxFuture<'a, Result<Option<TrustPolicy>, DirectoryError>> {
        Box::pin(async move { Ok(self.trust_of(role_arn).await?) })
    }
}

impl Iam {
    async fn credential_of(&self, access_key_id: &str) -> Result<Option<Credential>, Untold> {
        if let Some(session) = self.sessions.find(access_key_id) {
            return self.credential_of_session(session).await;
        }
        // An id that can't be a key's place is nobody's.
        let Ok(place) = AccessKeyRecord::place(access_key_id) else { return Ok(None) };
        let Some(stored) = self.store.get::<AccessKeyRecord>(&place).await? else { return Ok(None) };
        let key = stored.value;
        let identity = match &key.owner {
            KeyOwner::Root => Some(Identity::root(key.account)),
            KeyOwner::User(name) => self.user(key.account, name).await?,
        };
        Ok(identity.map(|identity| Credential {
            secret: key.secret,
            session_token: None,
            expires: None,
            active: key.status == KeyStatus::Active,
            identity: Arc::new(identity),
        }))
    }

    async fn credential_of_session(&self, session: Session) -> Result<Option<Credential>, Untold> {
        let Session { account, role, role_id, name, secret, token, expires } = session;
        let found = self.policies_of::<RoleRecord>(account, &role).await?;
        let Some((role, policies)) = found.filter(|(role, _)| role.id == role_id) else { return Ok(None) };
        let principal =
            Principal::RoleSession { account, path: role.path, role: role.name, session: name, id: role_id };
        Ok(Some(Credential {
            secret,
            session_token: Some(token),
            expires: Some(expires),
            active: true,
            identity: Arc::new(Identity { principal, policies }),
        }))
    }

    /// The role with exactly this ARN.
    pub(super) async fn role_at(&self, role_arn: &str) -> Result<Option<RoleRecord>, StoreError> {
        let Ok(arn) = role_arn.parse::<Arn>() else { return Ok(None) };
        let Some(account) = arn.account_id() else { return Ok(None) };
        let name = arn.resource.rsplit('/').next().unwrap_or_default();
        let Ok(place) = records::named(account, name) else { return Ok(None) };
        let stored = self.store.get::<RoleRecord>(&place).await?;
        Ok(stored.map(|s| s.value).filter(|role| role.arn() == role_arn))
    }

    async fn trust_of(&self, role_arn: &str) -> Result<Option<TrustPolicy>, Untold> {
        let Some(role) = self.role_at(role_arn).await? else { return Ok(None) };
        let trust = parse_trust_policy(&role.trust);
        trust.map(Some).map_err(|source| Untold::Policy { arn: role.arn(), source })
    }

    /// What a principal may do now. Who is gone, or was never here, may do nothing.
    pub(super) async fn identity(&self, principal: &Principal) -> Result<Identity, Untold> {
        let found = match principal {
            Principal::Root(account) => Some(Identity::root(*account)),
            Principal::User { account, name, .. } => self.user(*account, name).await?,
            Principal::RoleSession { account, role, id, .. } => {
                let found = self.policies_of::<RoleRecord>(*account, role).await?;
                found
                    .filter(|(role, _)| role.id == *id)
                    .map(|(_, policies)| Identity { principal: principal.clone(), policies })
            }
            Principal::Service(_) | Principal::Anonymous => None,
        };
        Ok(found.unwrap_or_else(|| Identity { principal: principal.clone(), policies: Arc::new([]) }))
    }

    async fn user(&self, account: AccountId, name: &str) -> Result<Option<Identity>, Untold> {
        let Some((user, policies)) = self.policies_of::<UserRecord>(account, name).await? else {
            return Ok(None);
        };
        let principal = Principal::User { account, path: user.path, name: user.name, id: user.id };
        Ok(Some(Identity { principal, policies }))
    }

    /// A user or role with all its policies, inline and attached. An attached policy that is missing was detached and
    /// deleted since: then everything is read again.
    async fn policies_of<H: Holder>(
        &self,
        account: AccountId,
        name: &str,
    ) -> Result<Option<(H, Arc<[Policy]>)>, Untold> {
        for _ in 0..TRIES {
            let Some(stored) = self.named::<H>(account, name).await? else { return Ok(None) };
            if let Some(policies) = self.read_policies(account, &stored.value).await? {
                return Ok(Some((stored.value, policies)));
            }
        }
        Err(Untold::Restless(name.to_owned()))
    }

    async fn read_policies<H: Holder>(
        &self,
        account: AccountId,
        holder: &H,
    ) -> Result<Option<Arc<[Policy]>>, Untold> {
        let read = |document: &str| {
            parse_identity_policy(document).map_err(|source| Untold::Policy { arn: holder.arn(), source })
        };
        let grants = holder.grants();
        let mut policies = Vec::with_capacity(grants.inline.len() + grants.attached.len());
        for document in grants.inline.values() {
            policies.push(read(document)?);
        }
        for arn in &grants.attached {
            let Some(policy) = self.managed(account, arn).await? else { return Ok(None) };
            policies.push(read(policy.document())?);
        }
        Ok(Some(policies.into()))
    }
}
