//! The environment's network: loopback, and the platform's three sockets on it.
//!
//! A socket belongs to the namespace that it was made in, so that the platform can serve from outside without a proxy.
//! Invariant: there is no other interface, hence no egress.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// Where the Runtime API is inside, as in AWS_LAMBDA_RUNTIME_API of the service.
const RUNTIME_API: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9001);
/// Where the platform's own API is inside, as in AWS_ENDPOINT_URL.
const PLATFORM: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9002);
/// Where names are asked for, as every runtime root's resolv.conf says.
const DNS: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 53);
/// Bytes of queries that may wait for the platform. What a function sends beyond them is dropped, at its own expense.
const DNS_QUEUE: usize = 16 << 10;

/// What listens inside.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) runtime_api: OwnedFd,
    pub(crate) platform: OwnedFd,
    pub(crate) dns: OwnedFd,
}

/// Raises loopback and listens.
pub(super) fn listen(weakened: Weakened) -> Result<Listeners, Failed> {
    if !weakened.keeps(Layer::Network) {
        // The host's ports may be taken.
        return bind([(Ipv4Addr::LOCALHOST, 0); 3]);
    }
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None);
    socket.and_then(syscalls::raise_loopback).at(Step::LoopbackUp)?;
    bind([RUNTIME_API, PLATFORM, DNS])
}

fn bind([runtime_api, platform, dns]: [(Ipv4Addr, u16); 3]) -> Result<Listeners, Failed> {
    let listener = |address| TcpListener::bind(address).map(OwnedFd::from).at(Step::BindListener);
    let names = UdpSocket::bind(dns).at(Step::BindListener)?;
    sockopt::set_socket_recv_buffer_size(&names, DNS_QUEUE).at(Step::BindListener)?;
    Ok(Listeners { runtime_api: listener(runtime_api)?, platform: listener(platform)?, dns: names.into() })
}
