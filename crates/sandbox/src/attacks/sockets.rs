//! Families of sockets that are not for programs, and sockets that belong to somebody else.
//!
//! Invariant: a family that is refused is refused by the filter, before the kernel loads a module for it.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::call::{Call, all_refused, calls, pad};
use super::refusal::{NOT_TRIED, Needed, Verdict, breach, name_of, refused};
use super::stage::Facts;
use super::{Attack, Group, Twin, Twins};
use crate::weaken::Layer;

const FAMILY: Attack = Attack {
    group: Group::Sockets,
    protection: "seccomp",
    twins: Twins::without(&[Layer::Seccomp]),
    ..Attack::SHARED
};

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "raw-and-packet-sockets",
        what: "make sockets that see or forge every packet: raw, ICMP, AF_PACKET, AF_XDP, AF_KEY",
        inside: |_| {
            families(&[
                ("raw", libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
                ("raw of IPv6", libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6),
                ("ping", libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP),
                ("packet", libc::AF_PACKET, libc::SOCK_RAW, 0),
                ("xdp", libc::AF_XDP, libc::SOCK_RAW, 0),
                ("key", libc::AF_KEY, libc::SOCK_RAW, 2),
            ])
        },
        ..FAMILY
    },
    Attack {
        name: "netlink-sockets",
        what: "speak to the kernel's packet filter, audit, IPsec and generic netlink families",
        inside: |_| {
            families(&[
                ("netfilter", libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_NETFILTER),
                ("audit", libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_AUDIT),
                ("xfrm", libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_XFRM),
                ("generic", libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_GENERIC),
                ("devices", libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_KOBJECT_UEVENT),
            ])
        },
        ..FAMILY
    },
    Attack {
        name: "rare-socket-families",
        what: "make sockets of families that hardly a program uses: AF_ALG, AF_VSOCK, Bluetooth, CAN, RDS, TIPC",
        inside: |_| {
            families(&[
                ("alg", libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
                ("vsock", libc::AF_VSOCK, libc::SOCK_STREAM, 0),
                ("bluetooth", libc::AF_BLUETOOTH, libc::SOCK_RAW, 0),
                ("can", libc::AF_CAN, libc::SOCK_RAW, 1),
                ("rds", libc::AF_RDS, libc::SOCK_SEQPACKET, 0),
                ("tipc", libc::AF_TIPC, libc::SOCK_STREAM, 0),
            ])
        },
        ..FAMILY
    },
    Attack {
        name: "rare-transports",
        what: "make SCTP, DCCP and MPTCP sockets, or put another protocol on top of TCP",
        inside: |_| {
            families(&[
                ("sctp", libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_SCTP),
                ("mptcp", libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP),
                ("dccp", libc::AF_INET, libc::SOCK_DCCP, libc::IPPROTO_DCCP),
            ])?;
            all_refused(calls! { SYS_setsockopt(-1, libc::IPPROTO_TCP, libc::TCP_ULP, 0, 0); })
        },
        ..FAMILY
    },
    Attack {
        name: "urgent-data",
        what: "send data out of band, which in local sockets was a way into the kernel",
        inside: |_| {
            all_refused(calls! {
                SYS_sendto(-1, 0, 0, libc::MSG_OOB, 0);
                SYS_sendmsg(-1, 0, libc::MSG_OOB);
                SYS_sendmmsg(-1, 0, 0, libc::MSG_OOB);
            })
        },
        ..FAMILY
    },
    Attack {
        name: "abstract-socket-of-the-host",
        what: "connect to a nameless local socket of a process of the host, and pass it a descriptor",
        protection: "network",
        twins: Twins::without(&[Layer::Network, Layer::Landlock]),
        inside: |facts| connect(facts, ""),
        ..FAMILY
    },
    Attack {
        name: "abstract-socket-of-a-neighbour",
        what: "connect to a nameless local socket of another environment, and pass it a descriptor",
        protection: "network",
        twins: Twins::without(&[Layer::Network, Layer::Landlock]),
        inside: |facts| connect(facts, "-neighbour"),
        ..FAMILY
    },
    Attack {
        name: "socket-in-the-code",
        what: "make a socket with a path in the code directory, where another environment of the function would find it",
        protection: "root",
        twins: Twins {
            privileged: Twin::Without(&[Layer::ReadOnlyRoot, Layer::Landlock]),
            rootless: Twin::Without(&[Layer::ReadOnlyRoot, Layer::Landlock]),
        },
        inside: |_| socket_in_the_code(),
        ..FAMILY
    },
];

fn families(list: &[(&'static str, i32, i32, i32)]) -> Verdict {
    let call = |(name, family, kind, protocol): &(&'static str, i32, i32, i32)| Call {
        name,
        number: libc::SYS_socket,
        arguments: pad(&[(*family).into(), (*kind).into(), (*protocol).into()]),
    };
    all_refused(&list.iter().map(call).collect::<Vec<_>>())
}

/// Refused by the network namespace, and where Landlock has scopes, by those too.
fn connect(facts: &Facts, suffix: &str) -> Verdict {
    let (one, other) = UnixStream::pair().needed("a pair of sockets of its own")?;
    pass_descriptor(&one).needed("passing a descriptor over a socket of its own")?;
    take_descriptor(&other)?;
    let name = format!("{}{suffix}", facts.get("host-abstract"));
    let connection = SocketAddr::from_abstract_name(name)
        .and_then(|address| UnixStream::connect_addr(&address))
        .and_then(|stream| pass_descriptor(&stream).map_err(Into::into));
    refused("connecting", connection, &[Errno::CONNREFUSED, Errno::PERM]).map(name_of)
}

fn pass_descriptor(to: &UnixStream) -> Result<(), Errno> {
    let stdin = std::io::stdin();
    let descriptors = [stdin.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(to, &[IoSlice::new(b"x")], &mut control, SendFlags::NOSIGNAL).map(|_| ())
}

fn take_descriptor(from: &UnixStream) -> Result<(), super::refusal::Breach> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)
        .needed("taking a descriptor")?;
    if control.drain().next().is_some() { Ok(()) } else { breach(format!("{NOT_TRIED}: nothing came along")) }
}

fn socket_in_the_code() -> Verdict {
    let path = "/var/task/open/socket";
    let bound = UnixListener::bind(path);
    // The twin shares its directory with what runs after it.
    let _ = std::fs::remove_file(path);
    refused("binding", bound, &[Errno::ROFS, Errno::ACCESS]).map(name_of)
}
