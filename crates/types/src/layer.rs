//! The ways in which callers name a layer and its versions.
//!
//! Source: the parameters LayerName ("the name or Amazon Resource Name (ARN) of the layer") and Layers ("specify each
//! layer by its ARN, including the version") in the API reference.
//! Invariant: a text names at most one layer version, and what it names is written in one way: a number without leading
//! zeros, in the partition `aws`.

use crate::{AccountId, Arn, InvalidName, Region};
use std::fmt;
use std::str::FromStr;

/// A layer's name within its account: 1 to 140 letters, digits, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerName(String);

impl LayerName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LayerName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fits = (1..=140).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidName::new(text, "a layer's name")) }
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A layer, with the account and region filled in from the request where the caller left them out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayerRef {
    /// The owner.
    pub account: AccountId,
    /// Where it lives.
    pub region: Region,
    /// Its name.
    pub name: LayerName,
}

impl LayerRef {
    /// Reads LayerName of a request made by `account` in `region`: a name, or the ARN of a layer without a version.
    ///
    /// # Errors
    /// A text that is neither.
    pub fn parse(text: &str, account: AccountId, region: &Region) -> Result<Self, InvalidName> {
        if !text.starts_with("arn:") {
            return Ok(Self { account, region: region.clone(), name: text.parse()? });
        }
        let (account, region, name) = place(text, "a layer's name or ARN")?;
        Ok(Self { account, region, name: name.parse()? })
    }

    /// One of its versions.
    pub fn version(self, number: u64) -> LayerVersionRef {
        LayerVersionRef { layer: self, number }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        let Self { account, region, name } = self;
        format!("arn:aws:lambda:{region}:{account}:layer:{name}")
    }
}

/// One version of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayerVersionRef {
    /// The layer.
    pub layer: LayerRef,
    /// From 1.
    pub number: u64,
}

impl LayerVersionRef {
    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("{}:{}", self.layer.arn(), self.number)
    }
}

impl FromStr for LayerVersionRef {
    type Err = InvalidName;

    /// Reads the ARN of a layer version.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const EXPECTED: &str = "the ARN of a layer version";
        let wrong = || InvalidName::new(text, EXPECTED);
        let (account, region, rest) = place(text, EXPECTED)?;
        let (name, number) = rest.split_once(':').ok_or_else(wrong)?;
        let digits = !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
        // What no version can have: the API counts with signed numbers.
        let number = number.parse().ok().filter(|n| digits && *n <= i64::MAX as u64).ok_or_else(wrong)?;
        Ok(LayerRef { account, region, name: name.parse()? }.version(number))
    }
}

/// Where the layer lives, and what stands behind `layer:`.
fn place<'t>(text: &'t str, expected: &'static str) -> Result<(AccountId, Region, &'t str), InvalidName> {
    let wrong = || InvalidName::new(text, expected);
    let arn: Arn = text.parse().map_err(|_| wrong())?;
    let account = arn.account_id().ok_or_else(wrong)?;
    let region = arn.region.parse().map_err(|_| wrong())?;
    let rest = text[text.len() - arn.resource.len()..].strip_prefix("layer:").ok_or_else(wrong)?;
    if arn.service == "lambda" { Ok((account, region, rest)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<LayerRef, InvalidName> {
        LayerRef::parse(text, AccountId::FIRST, &Region::default())
    }

    fn versions() -> impl Strategy<Value = LayerVersionRef> {
        ("[0-9]{12}", "[a-z]{2}-[a-z]{4,9}-[1-9]", "[a-zA-Z0-9_-]{1,140}", 1..=i64::MAX as u64).prop_map(
            |(account, region, name, number)| {
                let (account, region) = (account.parse().unwrap(), region.parse().unwrap());
                LayerRef { account, region, name: name.parse().unwrap() }.version(number)
            },
        )
    }

    proptest! {
        #[test]
        fn an_arn_names_what_it_was_made_of(version in versions()) {
            prop_assert_eq!(version.arn().parse::<LayerVersionRef>(), Ok(version.clone()));
            prop_assert_eq!(parse(&version.layer.arn()), Ok(version.layer.clone()));
            prop_assert!(parse(&version.arn()).is_err(), "a version's ARN is no layer's");
            prop_assert!(version.layer.arn().parse::<LayerVersionRef>().is_err(), "a layer's ARN is no version's");
        }

        #[test]
        fn a_name_means_the_callers_own_layer(version in versions()) {
            let named = parse(version.layer.name.as_str()).unwrap();
            prop_assert_eq!((named.account, named.name), (AccountId::FIRST, version.layer.name));
        }

        #[test]
        fn whatever_is_read_is_written_in_one_way(text in "(arn:)?[a-z:0-9-]{0,40}|arn:aws:lambda:[a-z0-9:-]{0,60}") {
            if let Ok(version) = text.parse::<LayerVersionRef>() {
                prop_assert_eq!(version.arn().parse(), Ok(version));
            }
            if let Ok(layer) = parse(&text) {
                prop_assert_eq!(parse(&layer.arn()), Ok(layer));
            }
        }
    }

    #[test]
    fn what_is_no_layer_version_is_refused() {
        let layer = "arn:aws:lambda:us-east-1:000000000000:layer:tools";
        for end in ["", ":", ":0", ":01", ":+1", ":-1", ":1:2", ":9223372036854775808", ":1a", ": 1"] {
            assert!(format!("{layer}{end}").parse::<LayerVersionRef>().is_err(), "{end}");
        }
        for text in [
            "",
            "tools:1",
            "arn:aws:lambda:::awslayer:tools",
            "arn:aws:lambda:us-east-1::layer:tools:1",
            "arn:aws:lambda:us-east-1:000000000000:function:tools:1",
            "arn:aws:iam:us-east-1:000000000000:layer:tools:1",
        ] {
            assert!(text.parse::<LayerVersionRef>().is_err(), "{text}");
            assert!(text == "tools:1" || parse(text).is_err(), "{text}");
        }
        assert!(parse(&"a".repeat(140)).is_ok());
        for name in ["a".repeat(141), "a b".to_owned(), "tools:1".to_owned(), "a\u{1f}b".to_owned()] {
            assert!(parse(&name).is_err(), "{name}");
        }
    }
}
