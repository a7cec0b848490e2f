//! Execution roles: the identity service's sessions, as the data plane wants them.

use auth::ExposeSecret;
use invoke::{AssumeError, AssumeRole, RoleSession};
use services::iam::Iam;
use std::sync::Arc;
use std::time::Duration;
use types::BoxFuture;
use worker::RoleCredentials;

/// An environment that is older gets no further invocation.
pub(super) const ENVIRONMENT_AGE: Duration = Duration::from_secs(5 * 3600);
/// How long credentials are good: an invocation that begins in an environment of the greatest age has them to its end, which
/// comes after 900 s at most.
const SESSION: Duration = Duration::from_secs(6 * 3600);

/// Hands out sessions of roles.
pub(super) struct Roles(pub(super) Arc<Iam>);

impl AssumeRole for Roles {
    fn assume<'a>(
        &'a self,
        role_arn: &'a str,
        session: &'a str,
    ) -> BoxFuture<'a, Result<RoleSession, AssumeError>> {
        Box::pin(async move {
            let made = self.0.lambda_session(role_arn, session, SESSION).await;
            let made = made.map_err(|error| AssumeError::Failed(error.to_string()))?;
            let made = made.ok_or(AssumeError::Refused)?;
            let (iam, key) = (Arc::clone(&self.0), made.access_key_id.clone());
            let credentials = RoleCredentials {
                access_key_id: made.access_key_id,
                secret_access_key: made.secret_access_key.expose_secret().to_owned(),
                session_token: made.session_token.expose_secret().to_owned(),
            };
            Ok(RoleSession::new(credentials, move || iam.end_session(&key)))
        })
    }
}
