//! The environment's network: loopback, and the platform's two listeners on it.
//!
//! A socket belongs to the namespace that it was made in, so that the platform can accept from outside without a proxy.
//! Invariant: there is no other interface, hence no way out.

use std::net::{Ipv4Addr, TcpListener};

use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// Where the Runtime API is inside, as in AWS_LAMBDA_RUNTIME_API of the service.
const RUNTIME_API: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9001);
/// Where the platform's own API is inside, as in AWS_ENDPOINT_URL.
const PLATFORM: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9002);

/// What listens inside.
#[derive(Debug)]
pub(crate) struct Listeners<T> {
    pub(crate) runtime_api: T,
    pub(crate) platform: T,
}

/// Raises loopback and listens.
pub(super) fn listen(weakened: Weakened) -> Result<Listeners<TcpListener>, Failed> {
    if !weakened.keeps(Layer::Network) {
        // The host's ports may be taken.
        let any = (Ipv4Addr::LOCALHOST, 0);
        return bind(any, any);
    }
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None);
    socket.and_then(syscalls::raise_loopback).at(Step::LoopbackUp)?;
    bind(RUNTIME_API, PLATFORM)
}

fn bind(runtime_api: (Ipv4Addr, u16), platform: (Ipv4Addr, u16)) -> Result<Listeners<TcpListener>, Failed> {
    let bind = |address| TcpListener::bind(address).at(Step::BindListener);
    Ok(Listeners { runtime_api: bind(runtime_api)?, platform: bind(platform)? })
}
