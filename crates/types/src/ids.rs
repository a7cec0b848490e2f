//! The identifiers that the service makes up itself.

use crate::{InvalidName, Random};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// A fresh one.
            pub fn generate(random: &dyn Random) -> Self {
                Self(random.uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                parse_uuid(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

uuid_id!(
    /// One request to the API, and for an invocation the id that its logs carry: a UUID.
    RequestId
);
uuid_id!(
    /// Changes with every change of a resource; callers send it back to detect that somebody else was faster: a UUID.
    RevisionId
);

/// One execution environment: 32 hexadecimal digits, the last part of its log stream's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnvironmentId(u128);

impl EnvironmentId {
    /// A fresh one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(random.uuid())
    }
}

impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn write_uuid(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (a, b, c) = ((bits >> 96) as u32, (bits >> 80) as u16, (bits >> 64) as u16);
    let (d, e) = ((bits >> 48) as u16, bits as u64 & 0xffff_ffff_ffff);
    write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
}

fn parse_uuid(text: &str) -> Result<u128, InvalidName> {
    let wrong = || InvalidName::new(text, "a UUID");
    let hyphens_fit =
        text.len() == 36 && text.char_indices().all(|(i, c)| (c == '-') == matches!(i, 8 | 13 | 18 | 23));
    if !hyphens_fit || !text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u128::from_str_radix(&text.replace('-', ""), 16).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_round_trips_as_text() {
        let text = "0123abcd-4567-489a-8bcd-ef0123456789";
        assert_eq!(text.parse::<RequestId>().unwrap().to_string(), text);
        for bad in
            ["", "0123abcd", "0123abcd-4567-489a-8bcd-ef012345678g", "0123abcd+4567-489a-8bcd-ef0123456789"]
        {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
    }
}
