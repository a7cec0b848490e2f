//! Whom a statement is for: the parameter Principal.
//!
//! Source: "The AWS service, AWS account, IAM user, or IAM role that invokes the function" (API reference,
//! AddPermission), and the forms that the service's policies show.

use crate::messages;
use serde::Serialize;
use types::{AccountId, Arn, ServiceError};

/// Who is allowed, as a policy's JSON says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Grantee {
    /// `"*"`
    Everybody(Everybody),
    /// `{"AWS": ARN}`: an account, a user, a role or a session.
    Aws {
        #[serde(rename = "AWS")]
        arn: String,
    },
    /// `{"Service": NAME}`
    Service {
        #[serde(rename = "Service")]
        name: String,
    },
}

/// The one text that means everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Everybody {
    #[serde(rename = "*")]
    All,
}

impl Grantee {
    /// Reads a Principal.
    pub(super) fn parse(text: &str) -> Result<Self, ServiceError> {
        if text == "*" {
            Ok(Self::Everybody(Everybody::All))
        } else if let Ok(account) = text.parse::<AccountId>() {
            Ok(Self::Aws { arn: format!("arn:aws:iam::{account}:root") })
        } else if is_identity(text) {
            Ok(Self::Aws { arn: text.to_owned() })
        } else if is_service(text) {
            Ok(Self::Service { name: text.to_owned() })
        } else {
            Err(messages::policies::bad_principal())
        }
    }

    /// The ARN of the role, where it is one.
    pub(super) fn role(&self) -> Option<&str> {
        match self {
            Self::Aws { arn } => Some(arn.as_str()).filter(|arn| arn.contains(":role/")),
            _ => None,
        }
    }
}

/// The ARN of an account's owner, a user, a role or a session, without wildcards.
fn is_identity(text: &str) -> bool {
    let Ok(arn) = text.parse::<Arn>() else { return false };
    let global = arn.partition == "aws" && arn.region.is_empty() && arn.account_id().is_some();
    let named = |kind: &str| arn.resource.strip_prefix(kind).is_some_and(is_path);
    global
        && match arn.service.as_str() {
            "iam" => arn.resource == "root" || named("user/") || named("role/"),
            "sts" => arn.resource.strip_prefix("assumed-role/").is_some_and(is_session),
            _ => false,
        }
}

/// A name behind its path, such as `team/ana`.
fn is_path(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_graphic() && !matches!(b, b'*' | b'?' | b'$');
    text.bytes().all(fits) && text.split('/').all(|part| !part.is_empty())
}

/// `ROLE/SESSION`
fn is_session(text: &str) -> bool {
    is_path(text) && text.split('/').count() == 2
}

/// `s3.amazonaws.com`, `alexa-appkit.amazon.com`: at least one label before the domain.
fn is_service(text: &str) -> bool {
    let labels = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazon.com"));
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    labels.is_some_and(|labels| labels.split('.').all(|label| !label.is_empty() && label.bytes().all(fits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        serde_json::to_string(&Grantee::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn each_form_becomes_what_the_services_policies_show() {
        assert_eq!(json("*"), r#""*""#);
        assert_eq!(json("123456789012"), r#"{"AWS":"arn:aws:iam::123456789012:root"}"#);
        assert_eq!(json("s3.amazonaws.com"), r#"{"Service":"s3.amazonaws.com"}"#);
        assert_eq!(json("logs.eu-west-1.amazonaws.com"), r#"{"Service":"logs.eu-west-1.amazonaws.com"}"#);
        for arn in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:user/team/ana",
            "arn:aws:iam::123456789012:role/runner",
            "arn:aws:sts::123456789012:assumed-role/runner/echo",
        ] {
            assert_eq!(json(arn), format!(r#"{{"AWS":"{arn}"}}"#));
        }
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for text in [
            "",
            "**",
            "12345678901",
            "amazonaws.com",
            ".amazonaws.com",
            "S3.amazonaws.com",
            "s3.amazonaws.com.example.org",
            "ana",
            "arn:aws:iam::123456789012:user/*",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::*:root",
            "arn:aws:iam:000000000000:role/x",
            "arn:aws:iam:us-east-1:123456789012:role/x",
            "arn:aws:sts::123456789012:assumed-role/runner",
            "arn:aws:s3:::bucket",
            "arn:aws:lambda:us-east-1:123456789012:function:echo",
        ] {
            assert!(Grantee::parse(text).is_err(), "{text}");
        }
    }
}
