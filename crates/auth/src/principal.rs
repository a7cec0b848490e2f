//! Who makes a request.

use types::AccountId;

/// The one that a request is made by, or that a role trusts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The owner of an account.
    Root(AccountId),
    /// A user of an account.
    User {
        /// Where the user lives.
        account: AccountId,
        /// Begins and ends with a slash; `/` unless one was given.
        path: String,
        /// Unique within the account.
        name: String,
        /// `AIDA…`
        id: String,
    },
    /// Somebody, or a function, that has assumed a role.
    RoleSession {
        /// Where the role lives.
        account: AccountId,
        /// The role's path: begins and ends with a slash.
        path: String,
        /// The role's name.
        role: String,
        /// The name that was given when the role was assumed.
        session: String,
        /// The role's id, `AROA…`, without the session's name.
        id: String,
    },
    /// A service, such as `lambda.amazonaws.com`.
    Service(String),
    /// Nobody who said a name: only where an operation needs no signature.
    Anonymous,
}

impl Principal {
    /// The ARN as GetCallerIdentity prints it; a service is its own name, nobody is `anonymous`.
    pub fn arn(&self) -> String {
        match self {
            Self::Root(account) => format!("arn:aws:iam::{account}:root"),
            Self::User { account, path, name, .. } => format!("arn:aws:iam::{account}:user{path}{name}"),
            Self::RoleSession { account, role, session, .. } => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Self::Service(name) => name.clone(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The ARN of the role behind a session.
    pub fn role_arn(&self) -> Option<String> {
        match self {
            Self::RoleSession { account, path, role, .. } => {
                Some(format!("arn:aws:iam::{account}:role{path}{role}"))
            }
            _ => None,
        }
    }

    /// The account that the principal belongs to; services and nobody belong to none.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root(account) | Self::User { account, .. } | Self::RoleSession { account, .. } => {
                Some(*account)
            }
            Self::Service(_) | Self::Anonymous => None,
        }
    }

    /// `UserId` of GetCallerIdentity: the account for its owner, `AIDA…`, or `AROA…:session`.
    pub fn user_id(&self) -> String {
        match self {
            Self::Root(account) => account.to_string(),
            Self::User { id, .. } => id.clone(),
            Self::RoleSession { id, session, .. } => format!("{id}:{session}"),
            Self::Service(name) => name.clone(),
            Self::Anonymous => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_printed_as_get_caller_identity_prints_them() {
        let account: AccountId = "123456789012".parse().unwrap();
        let user = Principal::User {
            account,
            path: "/team/".to_owned(),
            name: "ana".to_owned(),
            id: "AIDAEXAMPLE".to_owned(),
        };
        let session = Principal::RoleSession {
            account,
            path: "/service-role/".to_owned(),
            role: "runner".to_owned(),
            session: "echo".to_owned(),
            id: "AROAEXAMPLE".to_owned(),
        };
        assert_eq!(Principal::Root(account).arn(), "arn:aws:iam::123456789012:root");
        assert_eq!(user.arn(), "arn:aws:iam::123456789012:user/team/ana");
        assert_eq!(session.arn(), "arn:aws:sts::123456789012:assumed-role/runner/echo");
        assert_eq!(session.role_arn().unwrap(), "arn:aws:iam::123456789012:role/service-role/runner");
        assert_eq!(session.user_id(), "AROAEXAMPLE:echo");
    }
}
