//! The environment's network: loopback, and the platform's listener on it.
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

/// Raises loopback and listens.
pub(super) fn listen(weakened: Weakened) -> Result<TcpListener, Failed> {
    if !weakened.keeps(Layer::Network) {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).at(Step::BindListener);
    }
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None);
    socket.and_then(syscalls::raise_loopback).at(Step::LoopbackUp)?;
    TcpListener::bind(RUNTIME_API).at(Step::BindListener)
}
