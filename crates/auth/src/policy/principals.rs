//! Whom a statement of a trust policy or resource policy means.
//!
//! Source: "AWS JSON policy elements: Principal" in the IAM user guide. Invariant: comparing allocates nothing, and a
//! name is compared whole: no wildcards but the single `*` that stands for everybody who said who they are.

use super::document::Principals;
use super::error::PolicyError;
use crate::Principal;
use types::{AccountId, Arn};

/// The principals that a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named(Box<[Name]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Everybody,
    /// Whoever belongs to the account.
    Account(AccountId),
    /// A user: path and name, with the slash before them.
    User(AccountId, Box<str>),
    /// A role, that is its sessions: path and name, with the slash before them.
    Role(AccountId, Box<str>),
    /// One session: `ROLE/SESSION`.
    Session(AccountId, Box<str>),
    Service(Box<str>),
    /// An identity provider: nobody whom we know.
    Federated,
}

/// How a statement means a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meant {
    Not,
    /// Its account is named, which then decides itself who of it may.
    ByAccount,
    Itself,
}

impl Named {
    pub(crate) fn means(&self, principal: &Principal) -> Meant {
        self.0.iter().map(|name| name.means(principal)).max().unwrap_or(Meant::Not)
    }
}

impl Name {
    fn means(&self, principal: &Principal) -> Meant {
        let is_meant = match (self, principal) {
            (_, Principal::Anonymous) => false,
            (Self::Everybody, _) => true,
            (Self::Account(named), Principal::Root(account)) => named == account,
            (Self::Account(named), _) if principal.account() == Some(*named) => return Meant::ByAccount,
            (Self::User(named, rest), Principal::User { account, path, name, .. }) => {
                named == account && is_joined(rest, path, name)
            }
            (Self::Role(named, rest), Principal::RoleSession { account, path, role, .. }) => {
                named == account && is_joined(rest, path, role)
            }
            (Self::Session(named, rest), Principal::RoleSession { account, role, session, .. }) => {
                named == account && rest.split_once('/') == Some((role, session))
            }
            (Self::Service(named), Principal::Service(service)) => **named == **service,
            _ => false,
        };
        if is_meant { Meant::Itself } else { Meant::Not }
    }
}

/// Whether `text` is the two parts one after the other.
fn is_joined(text: &str, first: &str, second: &str) -> bool {
    text.strip_prefix(first) == Some(second)
}

impl Named {
    /// # Errors
    /// A principal that is none, or no principal at all.
    pub(crate) fn read(principals: &Principals) -> Result<Self, PolicyError> {
        let kinds = match principals {
            Principals::Text(text) if text == "*" => return Ok(Self(Box::new([Name::Everybody]))),
            Principals::Text(text) => return Err(PolicyError::Principal("AWS", text.clone())),
            Principals::Kinds(kinds) => &kinds.0,
        };
        let mut names = Vec::new();
        for (kind, values) in kinds {
            let read = match kind.as_str() {
                "AWS" => aws,
                "Service" => service,
                "Federated" => |_: &str| Ok(Name::Federated),
                _ => return Err(PolicyError::Principal("AWS", kind.clone())),
            };
            for value in values.as_slice() {
                names.push(read(value)?);
            }
        }
        if names.is_empty() { Err(PolicyError::PrincipalEmpty) } else { Ok(Self(names.into())) }
    }
}

/// An account's digits, the ARN of its owner, of a user, role or session, or `*`. No other wildcards.
fn aws(text: &str) -> Result<Name, PolicyError> {
    if text == "*" {
        return Ok(Name::Everybody);
    }
    if let Ok(account) = text.parse() {
        return Ok(Name::Account(account));
    }
    let wrong = || PolicyError::Principal("AWS", text.to_owned());
    let arn: Arn = text.parse().map_err(|_| wrong())?;
    let account = arn.account_id().ok_or_else(wrong)?;
    if text.contains(['*', '?', '$']) || arn.partition != "aws" || !arn.region.is_empty() {
        return Err(wrong());
    }
    let rest =
        |kind: &str| arn.resource.strip_prefix(kind).filter(|rest| rest.starts_with('/') && rest.len() > 1);
    if arn.service == "iam" && arn.resource == "root" {
        Ok(Name::Account(account))
    } else if let ("iam", Some(user)) = (arn.service.as_str(), rest("user")) {
        Ok(Name::User(account, user.into()))
    } else if let ("iam", Some(role)) = (arn.service.as_str(), rest("role")) {
        Ok(Name::Role(account, role.into()))
    } else if let ("sts", Some(session)) = (arn.service.as_str(), rest("assumed-role")) {
        Ok(Name::Session(account, session[1..].into()))
    } else {
        Err(wrong())
    }
}

fn service(text: &str) -> Result<Name, PolicyError> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    if [".amazonaws.com", ".amazon.com"].iter().any(|domain| text.ends_with(domain)) && text.bytes().all(fits)
    {
        Ok(Name::Service(text.into()))
    } else {
        Err(PolicyError::Principal("SERVICE", text.to_owned()))
    }
}
