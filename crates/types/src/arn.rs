//! Amazon Resource Names, taken apart and put together.

use crate::{AccountId, Region};
use std::fmt;
use std::str::FromStr;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. Region and account may be empty (IAM has no region).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arn {
    /// Nearly always `aws`.
    pub partition: String,
    /// Such as `lambda` or `iam`.
    pub service: String,
    /// Empty for global services.
    pub region: String,
    /// Twelve digits, or empty.
    pub account: String,
    /// All that follows the fifth colon, colons included.
    pub resource: String,
}

/// A text that is not an ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ARN (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE)")]
pub struct ParseArnError(pub String);

impl Arn {
    /// An ARN in the partition `aws` of a regional service.
    pub fn regional(service: &str, region: &Region, account: AccountId, resource: impl Into<String>) -> Self {
        Self {
            partition: "aws".to_owned(),
            service: service.to_owned(),
            region: region.to_string(),
            account: account.to_string(),
            resource: resource.into(),
        }
    }

    /// An ARN in the partition `aws` of a service without regions, such as IAM.
    pub fn global(service: &str, account: AccountId, resource: impl Into<String>) -> Self {
        Self {
            partition: "aws".to_owned(),
            service: service.to_owned(),
            region: String::new(),
            account: account.to_string(),
            resource: resource.into(),
        }
    }

    /// The owner, where the ARN names one.
    pub fn account_id(&self) -> Option<AccountId> {
        self.account.parse().ok()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl FromStr for Arn {
    type Err = ParseArnError;

    fn from_str(text: &str) -> Result<Self, ParseArnError> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().map(str::to_owned).ok_or_else(|| ParseArnError(text.to_owned()));
        if next()? != "arn" {
            return Err(ParseArnError(text.to_owned()));
        }
        let arn = Self {
            partition: next()?,
            service: next()?,
            region: next()?,
            account: next()?,
            resource: next()?,
        };
        if arn.partition.is_empty() || arn.service.is_empty() || arn.resource.is_empty() {
            return Err(ParseArnError(text.to_owned()));
        }
        Ok(arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_round_trips() {
        for text in [
            "arn:aws:lambda:us-east-1:123456789012:function:echo:1",
            "arn:aws:iam::123456789012:role/path/name",
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_text_with_too_few_parts_is_refused() {
        for text in
            ["", "arn", "arn:aws:iam::123456789012", "urn:aws:iam::123456789012:role/x", "arn:aws:iam::1:"]
        {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }
}
