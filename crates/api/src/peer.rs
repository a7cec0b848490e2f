//! Where a request comes from.
//!
//! Invariant: a call out of an environment has no address: 127.0.0.1 in there is another than the host's, which a policy may trust.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use types::EnvironmentId;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A client on the network.
    Client(SocketAddr),
    /// A function, or whatever it started, in its environment.
    Environment(EnvironmentId),
}

impl Peer {
    /// The address as policies know it (`aws:SourceIp`), where there is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Client(address) => Some(address.ip().to_canonical()),
            Self::Environment(_) => None,
        }
    }
}

/// As the audit trail names it.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(address) => address.ip().fmt(f),
            Self::Environment(id) => write!(f, "environment:{id}"),
        }
    }
}
