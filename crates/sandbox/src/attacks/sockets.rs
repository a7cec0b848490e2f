//! Families of sockets that are not for programs, and sockets that belong to somebody else.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

use rustix::io::Errno;

use super::refusal::{Verdict, name_of, refused};
use super::stage::Facts;
use super::{Attack, Group, Twins};
use crate::weaken::Layer;

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: "abstract-socket-of-the-host",
    group: Group::Sockets,
    protection: "network",
    what: "connect to a nameless local socket that a process of the host listens on",
    twins: Twins::without(&[Layer::Network, Layer::Landlock]),
    inside: |facts| connect(facts, ""),
    ..Attack::SHARED
}];

/// Refused by the network namespace, and where scopes of Landlock are, by those too.
fn connect(facts: &Facts, suffix: &str) -> Verdict {
    let name = format!("{}{suffix}", facts.get("host-abstract"));
    let connect = SocketAddr::from_abstract_name(name).and_then(|address| UnixStream::connect_addr(&address));
    refused("connecting", connect, &[Errno::CONNREFUSED, Errno::PERM]).map(name_of)
}
