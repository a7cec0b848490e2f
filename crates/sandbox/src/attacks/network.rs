//! Reaching what is not one's own, and pretending to be somebody else.
//!
//! These are tried without egress, which is what functions have by default; what egress leads to, and what not, is tried
//! in a world of the tests' own, because it takes networks that no machine has. Invariant: nothing is sent to anybody but this
//! machine and addresses that are nobody's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};

use super::refusal::{Needed, Verdict, breach, name_of, names_of, refused};
use super::stage::Facts;
use super::{Attack, Group, Twins};
use crate::netlink::{self, Batch};
use crate::syscalls;
use crate::weaken::Layer;

const NETWORK: Attack = Attack {
    group: Group::Network,
    protection: "network",
    twins: Twins::without(&[Layer::Network]),
    ..Attack::SHARED
};

/// What takes a capability over the network.
const PRIVILEGED: Attack =
    Attack { protection: "capabilities", twins: Twins::without(&[Layer::Capabilities]), ..NETWORK };

/// Where clouds tell machines their secrets.
pub(super) const METADATA: [&str; 6] =
    ["169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"];
/// Nobody's: for documentation (RFC 5737), and everybody's on the link.
const OUTSIDE: [&str; 5] = ["198.51.100.1", "203.0.113.1", "224.0.0.251", "2001:db8::1", "ff02::1%1"];
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "ports-of-the-host",
        what: "connect to a port of the host's loopback, by each name that it has",
        inside: ports_of_the_host,
        ..NETWORK
    },
    Attack {
        name: "ports-of-a-neighbour",
        what: "connect to what a neighbour listens on at its own loopback",
        inside: ports_of_a_neighbour,
        ..NETWORK
    },
    Attack {
        name: "addresses-of-the-host",
        what: "send to the host's addresses in the networks that it is on, bridges too",
        inside: |facts| unreachable(&addresses(facts.get("host-addresses"))),
        ..NETWORK
    },
    Attack {
        name: "metadata-services",
        what: "send to the addresses at which clouds tell machines their secrets",
        inside: |_| unreachable(&addresses(&METADATA.join(","))),
        ..NETWORK
    },
    Attack {
        name: "anything-outside",
        what: "send anything to anybody beyond the environment: TCP, UDP, multicast, a name server",
        inside: |_| unreachable(&addresses(&OUTSIDE.join(","))),
        ..NETWORK
    },
    Attack {
        name: "interfaces-and-routes",
        what: "find an interface or a route beside loopback",
        inside: |_| nothing_but_loopback(),
        ..NETWORK
    },
    Attack {
        name: "low-ports",
        what: "listen where others expect a service: port 53, where names are asked for, and 80",
        inside: |_| low_ports(),
        ..PRIVILEGED
    },
    Attack {
        name: "change-the-network",
        what: "add an address, a neighbour of a hardware address (as forged ARP and ND would), a route, an interface",
        inside: |_| change_the_network(),
        ..PRIVILEGED
    },
    Attack {
        name: "somebody-elses-source-address",
        what: "send a datagram that seems to come from another machine",
        inside: |_| forge_a_source(),
        ..PRIVILEGED
    },
];

fn ports_of_the_host(facts: &Facts) -> Verdict {
    let port = facts.number("host-port");
    let names = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1.2.3"];
    let mut errors = Vec::new();
    for name in names {
        let address: SocketAddr = format!("{name}:{port}").parse().needed("an address of the host")?;
        // No IPv6: no address of it to connect from.
        let expected = [Errno::CONNREFUSED, Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT];
        let connect = TcpStream::connect_timeout(&address, PATIENCE);
        errors.push(refused(&format!("connecting to {address}"), connect, &expected)?);
    }
    Ok(names_of(&errors))
}

fn ports_of_a_neighbour(facts: &Facts) -> Verdict {
    let port = facts.number("neighbour-port") as u16;
    let connect = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), PATIENCE);
    refused("connecting", connect, &[Errno::CONNREFUSED]).map(name_of)
}

pub(super) fn addresses(list: &str) -> Vec<SocketAddr> {
    // Port 9 is that of "discard": whoever should ever get it throws it away.
    list.split(',')
        .filter_map(|text| text.split('%').next()?.parse::<IpAddr>().ok())
        .map(|ip| (ip, 9).into())
        .collect()
}

/// Neither TCP nor UDP finds a route to any of them.
fn unreachable(addresses: &[SocketAddr]) -> Verdict {
    let expected =
        [Errno::NETUNREACH, Errno::HOSTUNREACH, Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT, Errno::ACCESS];
    let mut errors = Vec::new();
    for address in addresses {
        let any: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let datagram = UdpSocket::bind(any).and_then(|socket| socket.send_to(b"hello", address));
        errors.push(refused(&format!("a datagram to {address}"), datagram, &expected)?);
        let expected = [&expected[..], &[Errno::INVAL]].concat();
        let connect = TcpStream::connect_timeout(address, PATIENCE);
        errors.push(refused(&format!("connecting to {address}"), connect, &expected)?);
    }
    Ok(format!("{} addresses: {}", addresses.len(), names_of(&errors)))
}

fn nothing_but_loopback() -> Verdict {
    let read = |path: &str| std::fs::read_to_string(path);
    let interfaces = read("/proc/net/dev").needed("the interfaces")?;
    let names = interfaces.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim());
    if let Some(name) = names.into_iter().find(|name| *name != "lo") {
        return breach(format!("there is an interface {name}"));
    }
    // The heading is the first line.
    let routes = read("/proc/net/route").needed("the routes")?;
    if let Some(route) = routes.lines().nth(1) {
        return breach(format!("there is a route: {route}"));
    }
    // No such file: no IPv6.
    let ipv6 = read("/proc/net/if_inet6").unwrap_or_default();
    match ipv6.lines().find(|line| !line.ends_with(" lo")) {
        Some(line) => breach(format!("there is an address: {line}")),
        None => Ok("loopback only".to_owned()),
    }
}

fn low_ports() -> Verdict {
    let mut errors = Vec::new();
    for (name, address) in [("127.0.0.2", [127, 0, 0, 2]), ("any address", [0, 0, 0, 0])] {
        for port in [53, 80] {
            let address: SocketAddr = (address, port).into();
            let listen = TcpListener::bind(address);
            errors.push(refused(&format!("listening at {name}:{port}"), listen, &[Errno::ACCESS])?);
            let bind = UdpSocket::bind(address);
            errors.push(refused(&format!("waiting at {name}:{port}"), bind, &[Errno::ACCESS])?);
        }
    }
    Ok(names_of(&errors))
}

/// Kind and value.
type Attribute<'a> = (u16, &'a [u8]);

/// The messages that make an environment's own egress, from inside.
fn change_the_network() -> Verdict {
    let address = Ipv4Addr::new(198, 51, 100, 9).octets();
    let loopback = 1u32.to_ne_bytes();
    let [a, b, c, d] = loopback;
    let family = libc::AF_INET as u8;
    let [low, high] = libc::NUD_PERMANENT.to_ne_bytes();
    let name = [(libc::IFLA_IFNAME, &b"forged0\0"[..])];
    let tries: [(&str, u16, Vec<u8>, &[Attribute<'_>]); 4] = [
        ("an address", libc::RTM_NEWADDR, vec![family, 32, 0, 0, a, b, c, d], &[(libc::IFA_LOCAL, &address)]),
        (
            "a neighbour",
            libc::RTM_NEWNEIGH,
            vec![family, 0, 0, 0, a, b, c, d, low, high, 0, 0],
            &[(libc::NDA_DST, &address), (libc::NDA_LLADDR, &[2, 0, 0, 0, 0, 9])],
        ),
        (
            "a route",
            libc::RTM_NEWROUTE,
            vec![
                family,
                32,
                0,
                0,
                libc::RT_TABLE_MAIN,
                4,
                libc::RT_SCOPE_LINK,
                libc::RTN_UNICAST,
                0,
                0,
                0,
                0,
            ],
            &[(libc::RTA_DST, &address), (libc::RTA_OIF, &loopback)],
        ),
        ("an interface", libc::RTM_NEWLINK, vec![0; 16], &name),
    ];
    let socket = netlink::socket().needed("a routing socket")?;
    let mut errors = Vec::new();
    for (what, kind, fixed, attributes) in tries {
        let mut batch = Batch::default();
        let message = batch.make(kind, &fixed);
        attributes.iter().for_each(|(kind, value)| batch.attribute(*kind, value));
        batch.end(&message);
        errors.push(refused(&format!("adding {what}"), batch.send(&socket, |_| false), &[Errno::PERM])?);
    }
    Ok(names_of(&errors))
}

fn forge_a_source() -> Verdict {
    // Everybody may bind to a free address, and the kernel still sends nothing from one that is not the sender's.
    let free = send_from_elsewhere(libc::IP_FREEBIND);
    let free = refused("sending from a free address", free, &[Errno::INVAL, Errno::NETUNREACH])?;
    let transparent = send_from_elsewhere(libc::IP_TRANSPARENT);
    let transparent = refused("sending as a router does", transparent, &[Errno::PERM])?;
    Ok(format!("{}, {}", name_of(free), name_of(transparent)))
}

fn send_from_elsewhere(option: libc::c_int) -> rustix::io::Result<()> {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    syscalls::switch_on(&socket, libc::IPPROTO_IP, option)?;
    rustix::net::bind(&socket, &SocketAddr::from(([203, 0, 113, 9], 0)))?;
    let to = SocketAddr::from(([127, 0, 0, 1], 9));
    UdpSocket::from(socket)
        .send_to(b"hello", to)
        .map(|_| ())
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}
