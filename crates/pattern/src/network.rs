//! `cidr`: the addresses of one network, of either version. What stands below the mask in the pattern doesn't count.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::PatternError;

/// A network, as its mask and the bits above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

impl Network {
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let (address, bits) = text.split_once('/').ok_or(PatternError::CidrSlash)?;
        if bits.is_empty() || bits.contains('/') {
            return Err(PatternError::CidrSlash);
        }
        let bits: i32 = bits.parse().map_err(|_| PatternError::CidrMask)?;
        let bits = u32::try_from(bits).map_err(|_| PatternError::CidrNegative)?;
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            let left = 32_u32.checked_sub(bits).ok_or(PatternError::CidrTooLarge { version: 4, bits: 32 })?;
            let mask = u32::MAX.checked_shl(left).unwrap_or(0);
            Ok(Self::V4 { network: address.to_bits() & mask, mask })
        } else if let Some(address) = v6(address) {
            let left =
                128_u32.checked_sub(bits).ok_or(PatternError::CidrTooLarge { version: 6, bits: 128 })?;
            let mask = u128::MAX.checked_shl(left).unwrap_or(0);
            Ok(Self::V6 { network: address.to_bits() & mask, mask })
        } else if looks_like_one(address) {
            Err(PatternError::CidrInvalid(address.to_owned()))
        } else {
            Err(PatternError::CidrNonstandard(address.to_owned()))
        }
    }

    /// Whether the text is an address in this network.
    pub(crate) fn holds(self, text: &str) -> bool {
        match self {
            Self::V4 { network, mask } => {
                text.parse::<Ipv4Addr>().is_ok_and(|address| address.to_bits() & mask == network)
            }
            Self::V6 { network, mask } => v6(text).is_some_and(|address| address.to_bits() & mask == network),
        }
    }
}

/// The service knows no form with dots inside.
fn v6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().filter(|_| !text.contains('.'))
}

fn looks_like_one(text: &str) -> bool {
    let dotted = text.split('.').count() == 4
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let colons = text.contains(':') && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
    dotted || colons
}
