//! The execution role of a function: assumed once for each environment.
//!
//! Invariant: a session lives as long as its environment and no longer: whatever drops the one ends the other.

use crate::messages;
use types::{BoxFuture, ServiceError};
use worker::RoleCredentials;

/// Who hands out sessions of execution roles.
pub trait AssumeRole: Send + Sync {
    /// A new session of this role in the name of Lambda, called `session`. Its credentials are valid for longer than
    /// [`Settings::environment_age`](crate::Settings::environment_age) and the longest invocation together.
    fn assume<'a>(
        &'a self,
        role_arn: &'a str,
        session: &'a str,
    ) -> BoxFuture<'a, Result<RoleSession, AssumeError>>;
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssumeError {
    /// The role is gone, or does not trust Lambda any more.
    #[error("the role can't be assumed by Lambda")]
    Refused,
    /// The identity service failed.
    #[error("the role's session could not be made: {0}")]
    Failed(String),
}

/// A session of an execution role; it ends when this is dropped.
pub struct RoleSession {
    credentials: RoleCredentials,
    end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl RoleSession {
    /// A session with these credentials, which `end` takes away.
    pub fn new(credentials: RoleCredentials, end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { credentials, end: Some(Box::new(end)) }
    }

    /// What the environment is told.
    pub(crate) fn credentials(&self) -> RoleCredentials {
        self.credentials.clone()
    }
}

impl Drop for RoleSession {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl From<AssumeError> for ServiceError {
    fn from(error: AssumeError) -> Self {
        match error {
            AssumeError::Refused => messages::role_not_assumable(),
            AssumeError::Failed(_) => messages::failed(error),
        }
    }
}
