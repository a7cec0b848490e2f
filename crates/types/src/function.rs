//! What a function, a version and a runtime are called.

use crate::{InvalidName, Region};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A function's name within its account: 1 to 64 letters, digits, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FunctionName(String);

impl FunctionName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The log group that the function's lines go to. Source: "Sending Lambda function logs to CloudWatch Logs".
    pub fn log_group(&self) -> String {
        format!("/aws/lambda/{}", self.0)
    }
}

fn is_name(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl FromStr for FunctionName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if is_name(text, 1..=64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::new(text, "a function name"))
        }
    }
}

/// One version of a function: the changeable `$LATEST` or a published number from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Version {
    /// `$LATEST`
    Latest,
    /// A published, immutable version.
    Number(u64),
}

impl FromStr for Version {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let wrong = || InvalidName::new(text, "a version");
        if text == "$LATEST" {
            return Ok(Self::Latest);
        }
        if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        text.parse().map(Self::Number).map_err(|_| wrong())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// What a caller adds to a function's name: a version or an alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `$LATEST` or a number.
    Version(Version),
    /// An alias: 1 to 128 letters, digits, hyphens and underscores, not all of them digits.
    Alias(String),
}

impl FromStr for Qualifier {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if let Ok(version) = text.parse() {
            return Ok(Self::Version(version));
        }
        let digits_only = text.bytes().all(|b| b.is_ascii_digit());
        if is_name(text, 1..=128) && !digits_only {
            Ok(Self::Alias(text.to_owned()))
        } else {
            Err(InvalidName::new(text, "a qualifier"))
        }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Alias(alias) => f.write_str(alias),
        }
    }
}

/// A runtime's name, such as `python3.11` or `provided.al2023`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuntimeName(String);

impl RuntimeName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ARN that stands for what is installed under this name, in RuntimeVersionConfig and in INIT_START.
    pub fn version_arn(&self, region: &Region) -> String {
        format!("arn:aws:lambda:{region}::runtime:{self}")
    }
}

impl FromStr for RuntimeName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.')
            && text.starts_with(|c: char| c.is_ascii_lowercase());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidName::new(text, "a runtime's name")) }
    }
}

macro_rules! text_conversions {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )*};
}

text_conversions!(FunctionName, RuntimeName, Version);

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qualifier_is_a_version_or_an_alias() {
        assert_eq!("$LATEST".parse(), Ok(Qualifier::Version(Version::Latest)));
        assert_eq!("12".parse(), Ok(Qualifier::Version(Version::Number(12))));
        assert_eq!("live".parse(), Ok(Qualifier::Alias("live".to_owned())));
        for bad in ["", "0", "012", "$latest", "a b", "99999999999999999999999"] {
            assert!(bad.parse::<Qualifier>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_function_name_has_at_most_64_characters() {
        assert!("a".repeat(64).parse::<FunctionName>().is_ok());
        for bad in [String::new(), "a".repeat(65), "a:b".to_owned(), "ä".to_owned()] {
            assert!(bad.parse::<FunctionName>().is_err(), "{bad}");
        }
    }
}
