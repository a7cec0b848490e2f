//! The credentials of a function's execution role, as one environment has them.
//!
//! Invariant: they are not printed, and what is secret in them is wiped when they are dropped.

use zeroize::Zeroize;

/// A session of the execution role, for one environment.
#[derive(Clone)]
pub struct RoleCredentials {
    /// `ASIA…`; no secret.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: String,
    /// What names the session, sent with each request.
    pub session_token: String,
}

impl RoleCredentials {
    /// Source: "Defined runtime environment variables" in the developer guide.
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ACCESS_KEY_ID", self.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key.clone()),
            ("AWS_SESSION_TOKEN", self.session_token.clone()),
        ]
    }
}

impl Drop for RoleCredentials {
    fn drop(&mut self) {
        self.secret_access_key.zeroize();
        self.session_token.zeroize();
    }
}
