//! What is stored. Names are unique without regard to case, so keys hold them in lower case and values as they were given.
//!
//! Source: "IAM and STS quotas", "IAM name requirements": names are not distinguished by case.

use super::grants::Grants;
use auth::SecretString;
use serde::{Deserialize, Serialize};
use store::{Key, KeyError, Record};
use types::{AccountId, Timestamp};

/// An account and what it has used of its quotas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountRecord {
    pub(super) created: Timestamp,
    /// The access key of the owner, as the operator chose it.
    pub(super) root_access_key: Option<String>,
    pub(super) users: u32,
    pub(super) roles: u32,
    pub(super) policies: u32,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserRecord {
    pub(super) account: AccountId,
    /// Begins and ends with a slash.
    pub(super) path: String,
    pub(super) name: String,
    /// `AIDA…`
    pub(super) id: String,
    pub(super) created: Timestamp,
    /// Ids, the oldest first.
    pub(super) access_keys: Vec<String>,
    pub(super) grants: Grants,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoleRecord {
    pub(super) account: AccountId,
    /// Begins and ends with a slash.
    pub(super) path: String,
    pub(super) name: String,
    /// `AROA…`
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) description: Option<String>,
    pub(super) max_session_seconds: u32,
    /// The AssumeRolePolicyDocument as it was given.
    pub(super) trust: String,
    pub(super) grants: Grants,
}

/// A managed policy of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PolicyRecord {
    pub(super) account: AccountId,
    /// Begins and ends with a slash.
    pub(super) path: String,
    pub(super) name: String,
    /// `ANPA…`
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) description: Option<String>,
    /// As it was given.
    pub(super) document: String,
    /// How many users and roles it is attached to.
    pub(super) attachments: u32,
}

/// How often an account has attached one of the platform's policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlatformPolicyUseRecord {
    pub(super) attachments: u32,
}

/// An access key. Has no Debug: it holds a secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AccessKeyRecord {
    pub(super) account: AccountId,
    pub(super) owner: KeyOwner,
    #[serde(with = "secret_text")]
    pub(super) secret: SecretString,
    pub(super) status: KeyStatus,
    pub(super) created: Timestamp,
}

/// Whose access key it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeyOwner {
    /// The account's owner.
    Root,
    /// The user of this name.
    User(String),
}

/// Whether an access key is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeyStatus {
    /// It is.
    Active,
    /// It is kept, and refused.
    Inactive,
}

impl KeyStatus {
    /// By IAM's name.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
        }
    }
}

mod secret_text {
    //! A secret as the text that is sealed.

    use auth::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose_secret())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
        String::deserialize(from).map(SecretString::from)
    }
}

macro_rules! record {
    ($type:ty, $table:literal) => {
        impl Record for $type {
            const TABLE: &'static str = $table;
            const VERSION: u16 = 1;
        }
    };
}

record!(AccountRecord, "iam-accounts");
record!(UserRecord, "iam-users");
record!(RoleRecord, "iam-roles");
record!(PolicyRecord, "iam-policies");
record!(PlatformPolicyUseRecord, "iam-platform-policy-uses");
record!(AccessKeyRecord, "iam-access-keys");

impl AccountRecord {
    pub(super) fn new(created: Timestamp) -> Self {
        Self { created, root_access_key: None, users: 0, roles: 0, policies: 0 }
    }

    pub(super) fn place(account: AccountId) -> Result<Key, KeyError> {
        Key::of([account.as_str()])
    }
}

impl AccessKeyRecord {
    pub(super) fn place(id: &str) -> Result<Key, KeyError> {
        Key::of([id])
    }
}

impl PlatformPolicyUseRecord {
    pub(super) fn place(account: AccountId, arn: &str) -> Result<Key, KeyError> {
        Key::of([account.as_str(), arn])
    }
}

/// The place of a user, role or policy, each in its own table.
pub(super) fn named(account: AccountId, name: &str) -> Result<Key, KeyError> {
    Key::of([account.as_str(), &name.to_ascii_lowercase()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn grants() -> Grants {
        let mut grants = Grants::default();
        grants.inline.insert("inline".to_owned(), "{}".to_owned());
        grants.attached.insert("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
        grants
    }

    #[test]
    fn stored_accounts_stay_readable() {
        let root_access_key = Some("AKIAEXAMPLE".to_owned());
        store::golden::check(
            GOLDEN,
            &AccountRecord { created: NOW, root_access_key, users: 1, roles: 2, policies: 3 },
        );
    }

    #[test]
    fn stored_users_stay_readable() {
        store::golden::check(
            GOLDEN,
            &UserRecord {
                account: AccountId::FIRST,
                path: "/team/".to_owned(),
                name: "Ana".to_owned(),
                id: "AIDAEXAMPLE".to_owned(),
                created: NOW,
                access_keys: vec!["AKIAEXAMPLE".to_owned()],
                grants: grants(),
            },
        );
    }

    #[test]
    fn stored_roles_stay_readable() {
        store::golden::check(
            GOLDEN,
            &RoleRecord {
                account: AccountId::FIRST,
                path: "/".to_owned(),
                name: "Runner".to_owned(),
                id: "AROAEXAMPLE".to_owned(),
                created: NOW,
                description: Some("runs".to_owned()),
                max_session_seconds: 3600,
                trust: "{}".to_owned(),
                grants: grants(),
            },
        );
    }

    #[test]
    fn stored_policies_stay_readable() {
        store::golden::check(
            GOLDEN,
            &PolicyRecord {
                account: AccountId::FIRST,
                path: "/".to_owned(),
                name: "Read".to_owned(),
                id: "ANPAEXAMPLE".to_owned(),
                created: NOW,
                description: Some("reads".to_owned()),
                document: "{}".to_owned(),
                attachments: 1,
            },
        );
        store::golden::check(GOLDEN, &PlatformPolicyUseRecord { attachments: 1 });
    }

    #[test]
    fn stored_access_keys_stay_readable() {
        store::golden::check(
            GOLDEN,
            &AccessKeyRecord {
                account: AccountId::FIRST,
                owner: KeyOwner::User("Ana".to_owned()),
                secret: SecretString::from("not a secret"),
                status: KeyStatus::Active,
                created: NOW,
            },
        );
    }
}
