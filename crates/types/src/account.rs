//! Who owns a resource and where it lives.

use crate::InvalidName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An account: exactly twelve decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// The account that `serve` creates unless it is told another: `000000000000`.
    pub const FIRST: Self = Self(*b"000000000000");

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AccountId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let digits: [u8; 12] =
            text.as_bytes().try_into().map_err(|_| InvalidName::new(text, "an account of 12 digits"))?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(InvalidName::new(text, "an account of 12 digits"));
        }
        Ok(Self(digits))
    }
}

impl TryFrom<String> for AccountId {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(account: AccountId) -> Self {
        account.as_str().to_owned()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A region's name, such as `us-east-1`: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

impl Region {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Region {
    fn default() -> Self {
        Self("us-east-1".to_owned())
    }
}

impl FromStr for Region {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::new(text, "a region such as us-east-1"))
        }
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits() {
        assert_eq!("123456789012".parse::<AccountId>().unwrap().as_str(), "123456789012");
        for bad in ["", "12345678901", "1234567890123", "12345678901a", "１２３４"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_is_lower_case() {
        assert!("eu-west-1".parse::<Region>().is_ok());
        assert!("EU".parse::<Region>().is_err());
        assert!("a/b".parse::<Region>().is_err());
    }
}
