//! What an access key stands for, and the trait through which that is looked up.

use crate::Principal;
use crate::policy::{Policy, TrustPolicy};
use secrecy::SecretString;
use std::sync::Arc;
use types::{AccountId, BoxFuture, Timestamp};

/// A principal with everything that decides what it may do.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who it is.
    pub principal: Principal,
    /// All identity policies: inline and attached, in no particular order.
    pub policies: Arc<[Policy]>,
}

impl Identity {
    /// The owner of an account, who needs no policies.
    pub fn root(account: AccountId) -> Self {
        Self { principal: Principal::Root(account), policies: Arc::new([]) }
    }

    /// Whether an identity policy looks at anything besides action and resource.
    pub fn has_conditions(&self) -> bool {
        self.policies.iter().any(Policy::has_conditions)
    }
}

/// An access key. Has no Debug: it holds secrets.
#[derive(Clone)]
pub struct Credential {
    /// The secret access key.
    pub secret: SecretString,
    /// For keys of a session: the token that must come with each request.
    pub session_token: Option<SecretString>,
    /// For keys of a session: when they stop being good.
    pub expires: Option<Timestamp>,
    /// A key can be switched off without being deleted.
    pub active: bool,
    /// Who the key stands for.
    pub identity: Arc<Identity>,
}

/// Why nothing could be said about an access key.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The records could not be read.
    #[error("access keys could not be read; look at the store: {0}")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Looks access keys and roles up.
pub trait Directory: Send + Sync {
    /// The credential behind an access key id; `None` where there is no such key.
    fn credential<'a>(
        &'a self,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, DirectoryError>>;

    /// The trust policy of the role with this ARN; `None` where there is no such role.
    fn role_trust<'a>(
        &'a self,
        role_arn: &'a str,
    ) -> BoxFuture<'a, Result<Option<TrustPolicy>, DirectoryError>>;
}
