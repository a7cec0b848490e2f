//! Access keys and roles of the tests: two maps in place of the identity service.

use auth::policy::{TrustPolicy, parse_identity_policy, parse_trust_policy};
use auth::{Credential, Directory, DirectoryError, Identity, Principal, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use types::{AccountId, BoxFuture};

/// The role that deployed functions have.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/function";
/// The access key of the first account's owner.
pub(crate) const OWNER_KEY: &str = "AKIATESTKITOWNER0000";
/// Every key's secret.
pub(crate) const SECRET: &str = "not-a-secret-of-anybody";

const TRUSTS_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// What the platform's directory is in tests.
pub struct Keys {
    credentials: Mutex<HashMap<String, Credential>>,
    trusts: Mutex<HashMap<String, TrustPolicy>>,
}

impl Default for Keys {
    /// The first account's owner, and one role that Lambda may assume.
    fn default() -> Self {
        let keys = Self { credentials: Mutex::default(), trusts: Mutex::default() };
        keys.add(OWNER_KEY, Identity::root(AccountId::FIRST));
        keys.trust(ROLE, TRUSTS_LAMBDA);
        keys
    }
}

impl Keys {
    /// An access key for this identity.
    pub fn add(&self, access_key_id: &str, identity: Identity) {
        let credential = Credential {
            secret: SecretString::from(SECRET),
            session_token: None,
            expires: None,
            active: true,
            identity: Arc::new(identity),
        };
        lock(&self.credentials).insert(access_key_id.to_owned(), credential);
    }

    /// An access key for a user of the first account with this policy.
    ///
    /// # Panics
    /// When the policy can't be read.
    pub fn add_user(&self, access_key_id: &str, name: &str, policy: &str) {
        let policy = parse_identity_policy(policy).expect("the policy can be read");
        let principal = Principal::User {
            account: AccountId::FIRST,
            path: "/".to_owned(),
            name: name.to_owned(),
            id: format!("AIDA{name}"),
        };
        self.add(access_key_id, Identity { principal, policies: Arc::new([policy]) });
    }

    /// A role with this trust policy.
    ///
    /// # Panics
    /// When the policy can't be read.
    pub fn trust(&self, role_arn: &str, policy: &str) {
        let policy = parse_trust_policy(policy).expect("the trust policy can be read");
        lock(&self.trusts).insert(role_arn.to_owned(), policy);
    }
}

impl Directory for Keys {
    fn credential<'a>(
        &'a self,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, DirectoryError>> {
        Box::pin(async move { Ok(lock(&self.credentials).get(access_key_id).cloned()) })
    }

    fn role_trust<'a>(
        &'a self,
        role_arn: &'a str,
    ) -> BoxFuture<'a, Result<Option<TrustPolicy>, DirectoryError>> {
        Box::pin(async move { Ok(lock(&self.trusts).get(role_arn).cloned()) })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
