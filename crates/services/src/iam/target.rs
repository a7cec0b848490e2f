//! Whom an operation means that may leave UserName out: the caller.
//!
//! Source: API reference, UserName of GetUser: "This parameter is optional. If it is not included, it defaults to the
//! user making the request."

use super::find::Caller;
use super::messages;
use auth::Principal;
use types::ServiceError;

/// Whom an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The owner of the account.
    Root,
    /// The user of this name.
    User(String),
}

impl Target {
    pub(super) fn of(user_name: Option<&str>, caller: Caller<'_>) -> Result<Self, ServiceError> {
        match (user_name, caller.permit.principal()) {
            (Some(name), _) => Ok(Self::User(name.to_owned())),
            (None, Principal::User { name, .. }) => Ok(Self::User(name.clone())),
            (None, Principal::Root(_)) => Ok(Self::Root),
            (None, _) => Err(messages::user_name_needed()),
        }
    }
}
