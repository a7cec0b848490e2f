//! What an environment may reach beyond itself, as plain data.
//!
//! Invariant: a [`Destination`] that was parsed is never one that nobody may reach: loopback, link-local, metadata, multicast.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// Most destinations of one list.
pub(crate) const MAX_DESTINATIONS: usize = 64;

/// Highest rate: the kernel counts a burst of a tenth of it in nanoseconds and 64 bits.
const MAX_RATE: u64 = 10_000_000_000;

/// An environment's egress: what it reaches outside. There is no IPv6 in any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Egress {
    /// None: loopback only.
    #[default]
    None,
    /// Everything public. Neither the host nor other environments, nor private networks, nor those that the host is directly
    /// connected to.
    Internet,
    /// These, 1 to 64; private ones too, but never the host or another environment.
    Allow(Vec<Destination>),
}

/// An address or a network, and a port of TCP and UDP if only that one is meant. Written `10.1.2.3`, `10.1.0.0/16:443`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    network: Network,
    port: Option<u16>,
}

/// How the spawner makes egress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressOptions {
    /// Where environments have their addresses, one each: from /8 to /22, and nobody else's on this host.
    pub network: Network,
    /// What one environment may send, and what it may receive, on average: 64 KiB to 10 GB.
    pub bytes_per_second: u64,
}

/// An IPv4 network; a single address is one of 32 bits. No bit is set beyond the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: Ipv4Addr,
    bits: u8,
}

/// What is wrong with a destination or a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Not written as one.
    #[error(
        "it is not an IPv4 address or network with an optional port, such as 10.1.2.3, 10.1.0.0/16 or 10.1.2.3:443; host names and IPv6 can't be given"
    )]
    Form,
    /// An address with bits that the prefix leaves out.
    #[error("the address has bits that are not part of the network of that length")]
    Bits,
    /// Nobody may reach it.
    #[error(
        "loopback, link-local, metadata, multicast and reserved addresses can't be reached by any environment"
    )]
    Never,
}

/// What no environment may reach, whatever a list says. Beside link-local: the metadata services of Azure, Alibaba and Oracle.
pub(crate) const NEVER: [Network; 7] = [
    Network::new(0, 0, 0, 0, 8),
    Network::new(127, 0, 0, 0, 8),
    Network::new(169, 254, 0, 0, 16),
    Network::new(168, 63, 129, 16, 32),
    Network::new(100, 100, 100, 200, 32),
    Network::new(192, 0, 0, 192, 32),
    // Multicast, reserved, broadcast.
    Network::new(224, 0, 0, 0, 3),
];

/// What is not the internet. Source: IANA's registry of special-purpose addresses, those that somebody may have a network of.
pub(crate) const PRIVATE: [Network; 6] = [
    Network::new(10, 0, 0, 0, 8),
    Network::new(100, 64, 0, 0, 10),
    Network::new(172, 16, 0, 0, 12),
    Network::new(192, 0, 0, 0, 24),
    Network::new(192, 168, 0, 0, 16),
    Network::new(198, 18, 0, 0, 15),
];

impl Network {
    /// Every address.
    pub(crate) const EVERYTHING: Self = Self::new(0, 0, 0, 0, 0);

    const fn new(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Self {
        Self { address: Ipv4Addr::new(a, b, c, d), bits }
    }

    /// The network of that many bits that begins there.
    pub fn from_parts(address: Ipv4Addr, bits: u8) -> Result<Self, DestinationError> {
        let network = Self { address, bits };
        match bits {
            0..=32 if address.to_bits() & !network.mask() == 0 => Ok(network),
            0..=32 => Err(DestinationError::Bits),
            _ => Err(DestinationError::Form),
        }
    }

    /// Its first address.
    pub fn address(self) -> Ipv4Addr {
        self.address
    }

    /// The length of its prefix.
    pub fn bits(self) -> u8 {
        self.bits
    }

    pub(crate) fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0)
    }

    /// Whether all of the other is in this one.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.bits <= other.bits && other.address.to_bits() & self.mask() == self.address.to_bits()
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

impl FromStr for Network {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
        let address = address.parse().map_err(|_| DestinationError::Form)?;
        Self::from_parts(address, number(bits)?)
    }
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let (network, port) = match text.split_once(':') {
            Some((network, port)) => (network, Some(number(port)?)),
            None => (text, None),
        };
        let network: Network = network.parse()?;
        if NEVER.iter().any(|never| never.contains(network)) {
            return Err(DestinationError::Never);
        }
        if port == Some(0) { Err(DestinationError::Form) } else { Ok(Self { network, port }) }
    }
}

/// Digits only: no sign, no space.
fn number<T: FromStr>(text: &str) -> Result<T, DestinationError> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits).ok_or(DestinationError::Form)
}

impl Destination {
    /// Where.
    pub fn network(self) -> Network {
        self.network
    }

    /// At which port, if not at all.
    pub fn port(self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.network),
            None => write!(f, "{}", self.network),
        }
    }
}

impl Egress {
    /// Whether it is bounded and says something.
    pub(crate) fn is_valid(&self) -> bool {
        match self {
            Self::Allow(list) => (1..=MAX_DESTINATIONS).contains(&list.len()),
            Self::None | Self::Internet => true,
        }
    }
}

impl EgressOptions {
    pub(crate) fn is_valid(&self) -> bool {
        let is_free = !NEVER.iter().any(|never| never.overlaps(self.network));
        // From there on a burst holds the largest packet several times.
        (8..=22).contains(&self.network.bits)
            && is_free
            && (64 << 10..=MAX_RATE).contains(&self.bytes_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Destination, DestinationError> {
        text.parse()
    }

    #[test]
    fn what_is_written_is_meant() {
        for text in ["10.1.2.3/32", "10.1.0.0/16:443", "0.0.0.0/0", "203.0.113.7/32:1"] {
            assert_eq!(parse(text).expect(text).to_string(), text);
        }
        assert_eq!(parse("10.1.2.3"), parse("10.1.2.3/32"));
    }

    #[test]
    fn everything_else_is_refused() {
        use DestinationError::{Bits, Form, Never};
        for text in
            ["", "example.org", "::1", "[::1]:80", "10.0.0.0/33", "10.0.0.0/", "10.0.0.1:", "10.0.0.1:0"]
        {
            assert_eq!(parse(text), Err(Form), "{text}");
        }
        for text in ["10.0.0.1:65536", "10.0.0.1:+1", "10.0.0.0/+8", "10.0.0.1 ", "010.0.0.1"] {
            assert_eq!(parse(text), Err(Form), "{text}");
        }
        assert_eq!(parse("10.0.0.1/8"), Err(Bits));
        for text in [
            "127.0.0.1",
            "169.254.169.254:80",
            "169.254.170.2",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert_eq!(parse(text), Err(Never), "{text}");
        }
    }

    proptest! {
        #[test]
        fn networks_contain_what_their_masks_say(address in any::<u32>(), bits in 0u8..=32, other in any::<u32>()) {
            let mask = Network { address: Ipv4Addr::UNSPECIFIED, bits }.mask();
            let network = Network::from_parts(Ipv4Addr::from_bits(address & mask), bits).expect("a network");
            let single = Network::from_parts(Ipv4Addr::from_bits(other), 32).expect("an address");
            prop_assert_eq!(network.contains(single), other & mask == address & mask);
            prop_assert_eq!(network.overlaps(single), network.contains(single));
            prop_assert_eq!(network.to_string().parse(), Ok(network));
        }
    }
}
