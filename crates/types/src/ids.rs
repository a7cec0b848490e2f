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

impl RequestId {
    /// Its 32 hexadecimal digits without hyphens.
    pub fn digits(self) -> String {
        format!("{:032x}", self.0)
    }
}

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

/// Where the hyphens stand in a UUID's text.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Ids are written several times for each invocation, so that they are put together here instead of by the formatter.
fn write_uuid(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let digits = (0..text.len()).filter(|at| !HYPHENS.contains(at));
    for (nth, at) in digits.enumerate() {
        text[at] = DIGITS[(bits >> (124 - 4 * nth)) as usize & 0xf];
    }
    f.write_str(std::str::from_utf8(&text).unwrap_or_default())
}

fn parse_uuid(text: &str) -> Result<u128, InvalidName> {
    let wrong = || InvalidName::new(text, "a UUID");
    if text.len() != 36 {
        return Err(wrong());
    }
    let mut bits = 0;
    for (at, byte) in text.bytes().enumerate() {
        if HYPHENS.contains(&at) {
            if byte != b'-' {
                return Err(wrong());
            }
        } else {
            let digit = char::from(byte).to_digit(16).ok_or_else(wrong)?;
            bits = bits << 4 | u128::from(digit);
        }
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_round_trips_as_text() {
        let text = "0123abcd-4567-489a-8bcd-ef0123456789";
        assert_eq!(text.parse::<RequestId>().unwrap().to_string(), text);
        assert_eq!(text.parse::<RequestId>().unwrap().digits(), "0123abcd4567489a8bcdef0123456789");
        let capitals = text.to_uppercase().parse::<RequestId>().unwrap();
        assert_eq!(capitals.to_string(), text);
        for bad in [
            "",
            "0123abcd",
            "0123abcd-4567-489a-8bcd-ef012345678g",
            "0123abcd+4567-489a-8bcd-ef0123456789",
            "0123abcd-4567-489a-8bcd-ef01234567890",
            "+123abcd-4567-489a-8bcd-ef0123456789",
            "0123abcd-4567-489a-8bcd-ef01234567\u{e9}",
            "0123abcd-4567-489a-8bcd--f0123456789",
        ] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
    }
}
