//! Egress of one environment: a pair of interfaces, one end on the host, one inside.
//!
//! ```text
//! inside: eth0, address/32 ── veth ── host: l…p…n…, no address        routes: address/32 to it
//!         default (or the list) via GATEWAY, which is nobody's but a static neighbour; `prohibit` for what must not be reached
//! ```
//! Both ends have no ARP and no IPv6. It is made by the environment's first process while the host's /proc is still there; the
//! names and addresses are the spawner's. Invariant: both ends go with the namespace, whichever way that ends.

use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{Mode as FileMode, OFlags};
use rustix::io::Errno;
use rustix::net::netdevice;

use super::write_once;
use crate::egress::Network;
use crate::netlink::{self, Batch};
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// What the spawner gives one environment.
pub(crate) struct Link {
    /// A routing socket of the host's network.
    pub(crate) host: OwnedFd,
    /// The interface's name there: at most 15 bytes.
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    /// What is reached through it.
    pub(crate) reach: Vec<Network>,
    /// What does not, although it may be a part of that.
    pub(crate) prohibit: Vec<Network>,
}

/// Inside, the only interface but loopback.
const INSIDE: (&[u8], u32) = (b"eth0\0", 2);
/// Who passes packets on, seen from inside. Nobody has this address: the neighbour entry is what counts.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
/// Locally administered; the same in every pair, as no two pairs share a link.
const HOST_MAC: [u8; 6] = [0x02, 0x4C, 0x42, 0, 0, 1];
const INSIDE_MAC: [u8; 6] = [0x02, 0x4C, 0x42, 0, 0, 2];

/// Longest wait for the link.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_micros(100);

const VETH_INFO_PEER: u16 = 1;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const ADDR_GEN_MODE_NONE: u8 = 1;
const RTNH_F_ONLINK: u32 = 4;
/// Made by an administrator, not by a routing daemon.
const STATIC: u8 = 4;

pub(super) fn make(link: &Link, weakened: Weakened) -> Result<(), Failed> {
    forbid_ipv6()?;
    hurry_orphans()?;
    pair(link)?;
    let index = netdevice::name_to_index(&link.host, &link.name).at(Step::EgressHost)?;
    host_end(link, index).at(Step::EgressHost)?;
    inside_end(link, weakened).at(Step::EgressInside)
}

/// Waits until the host's end passes packets. The kernel learns that it may by a worker of its own, some time after both ends are
/// up, and drops what comes before.
pub(super) fn await_link(link: &Link) -> Result<(), Failed> {
    let begin = Instant::now();
    while !passes_packets(link).at(Step::EgressHost)? {
        if begin.elapsed() > PATIENCE {
            return Err(Errno::TIMEDOUT).at(Step::EgressHost);
        }
        std::thread::sleep(PAUSE);
    }
    // The worker holds the lock that this takes.
    let index = netdevice::name_to_index(&link.host, &link.name).at(Step::EgressHost)?;
    let mut batch = Batch::default();
    raise(&mut batch, index);
    batch.send(&link.host, |_| false).at(Step::EgressHost)
}

/// The first answer alone would be enough from Linux 6.8 on; the second is also yes for an interface of which the kernel has not heard
/// anything yet.
fn passes_packets(link: &Link) -> rustix::io::Result<bool> {
    Ok(syscalls::has_link(&link.host, &link.name)? && syscalls::is_running(&link.host, &link.name)?)
}

/// Connections that a killed function leaves are the kernel's, and keep the namespace with both ends as long as it tries to deliver
/// what they still had to send: a minute and more to somebody who has fallen silent.
fn hurry_orphans() -> Result<(), Failed> {
    let path = std::path::Path::new("/proc/sys/net/ipv4/tcp_orphan_retries");
    write_once(path, "1").at(Step::EgressInside)
}

/// Of every interface that is still to come in this network namespace, which is what is to be seen below /proc/sys/net.
fn forbid_ipv6() -> Result<(), Failed> {
    for (setting, value) in [("disable_ipv6", "1"), ("accept_ra", "0")] {
        let path = format!("/proc/sys/net/ipv6/conf/default/{setting}");
        match write_once(std::path::Path::new(&path), value) {
            // A kernel without IPv6.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            written => written.at(Step::EgressNoIpv6)?,
        }
    }
    Ok(())
}

fn pair(link: &Link) -> Result<(), Failed> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let own = rustix::fs::open("/proc/self/ns/net", flags, FileMode::empty()).at(Step::EgressPair)?;
    let mut batch = Batch::default();
    let message = batch.make(libc::RTM_NEWLINK, &interface(0, false));
    batch.attribute(libc::IFLA_IFNAME, &terminated(&link.name));
    batch.attribute(libc::IFLA_ADDRESS, &HOST_MAC);
    let info = batch.open(libc::IFLA_LINKINFO);
    batch.attribute(libc::IFLA_INFO_KIND, b"veth");
    let data = batch.open(libc::IFLA_INFO_DATA);
    let peer = batch.open(VETH_INFO_PEER);
    batch.fixed(&interface(INSIDE.1, false));
    batch.attribute(libc::IFLA_IFNAME, INSIDE.0);
    batch.attribute(libc::IFLA_ADDRESS, &INSIDE_MAC);
    batch.attribute(libc::IFLA_NET_NS_FD, &own.as_raw_fd().to_ne_bytes());
    [peer, data, info].iter().for_each(|attribute| batch.close(attribute));
    batch.end(&message);
    batch.send(&link.host, |_| false).at(Step::EgressPair)
}

fn host_end(link: &Link, index: u32) -> rustix::io::Result<()> {
    let mut quiet = Batch::default();
    let message = quiet.change(libc::RTM_SETLINK, &interface(index, false));
    let families = quiet.open(libc::IFLA_AF_SPEC);
    let ipv6 = quiet.open(libc::AF_INET6 as u16);
    quiet.attribute(IFLA_INET6_ADDR_GEN_MODE, &[ADDR_GEN_MODE_NONE]);
    [ipv6, families].iter().for_each(|attribute| quiet.close(attribute));
    quiet.end(&message);
    // A kernel without IPv6, or with it off for this interface.
    let has_no_ipv6 = |errno| [Errno::AFNOSUPPORT, Errno::OPNOTSUPP, Errno::INVAL].contains(&errno);
    quiet.send(&link.host, has_no_ipv6)?;
    let mut batch = Batch::default();
    raise(&mut batch, index);
    neighbour(&mut batch, index, link.address, INSIDE_MAC);
    route(&mut batch, Route { to: link.address, bits: 32, kind: libc::RTN_UNICAST, via: None, index });
    batch.send(&link.host, |_| false)
}

fn inside_end(link: &Link, weakened: Weakened) -> rustix::io::Result<()> {
    let index = INSIDE.1;
    let mut batch = Batch::default();
    raise(&mut batch, index);
    let message = batch.make(libc::RTM_NEWADDR, &address(index));
    batch.attribute(libc::IFA_LOCAL, &link.address.octets());
    batch.attribute(libc::IFA_ADDRESS, &link.address.octets());
    batch.end(&message);
    neighbour(&mut batch, index, GATEWAY, HOST_MAC);
    let holds = weakened.keeps(Layer::EgressRoutes);
    let everything = [Network::EVERYTHING];
    let (reach, prohibit) =
        if holds { (&link.reach[..], &link.prohibit[..]) } else { (&everything[..], &[][..]) };
    for network in reach {
        let (to, bits) = (network.address(), network.bits());
        route(&mut batch, Route { to, bits, kind: libc::RTN_UNICAST, via: Some(GATEWAY), index });
    }
    for network in prohibit {
        let (to, bits) = (network.address(), network.bits());
        route(&mut batch, Route { to, bits, kind: libc::RTN_PROHIBIT, via: None, index: 0 });
    }
    batch.send(&netlink::socket()?, |_| false)
}

fn raise(batch: &mut Batch, index: u32) {
    let message = batch.change(libc::RTM_SETLINK, &interface(index, true));
    batch.end(&message);
}

fn neighbour(batch: &mut Batch, index: u32, address: Ipv4Addr, mac: [u8; 6]) {
    let message = batch.make(libc::RTM_NEWNEIGH, &neighbour_message(index));
    batch.attribute(libc::NDA_DST, &address.octets());
    batch.attribute(libc::NDA_LLADDR, &mac);
    batch.end(&message);
}

struct Route {
    to: Ipv4Addr,
    bits: u8,
    kind: u8,
    via: Option<Ipv4Addr>,
    /// 0 for one that leads nowhere.
    index: u32,
}

fn route(batch: &mut Batch, route: Route) {
    let message = batch.make(libc::RTM_NEWROUTE, &route_message(&route));
    batch.attribute(libc::RTA_DST, &route.to.octets());
    if let Some(gateway) = route.via {
        batch.attribute(libc::RTA_GATEWAY, &gateway.octets());
    }
    if route.index != 0 {
        batch.attribute(libc::RTA_OIF, &route.index.to_ne_bytes());
    }
    batch.end(&message);
}

/// struct ifinfomsg.
fn interface(index: u32, up: bool) -> [u8; 16] {
    let flags = if up { (libc::IFF_UP | libc::IFF_NOARP) as u32 } else { 0 };
    let mut bytes = [0; 16];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..].copy_from_slice(&flags.to_ne_bytes());
    bytes
}

/// struct ifaddrmsg.
fn address(index: u32) -> [u8; 8] {
    let [a, b, c, d] = index.to_ne_bytes();
    [libc::AF_INET as u8, 32, 0, libc::RT_SCOPE_UNIVERSE, a, b, c, d]
}

/// struct ndmsg.
fn neighbour_message(index: u32) -> [u8; 12] {
    let [a, b, c, d] = index.to_ne_bytes();
    let [low, high] = libc::NUD_PERMANENT.to_ne_bytes();
    [libc::AF_INET as u8, 0, 0, 0, a, b, c, d, low, high, 0, 0]
}

/// struct rtmsg.
fn route_message(route: &Route) -> [u8; 12] {
    let scope = match (route.kind, route.via) {
        (libc::RTN_UNICAST, None) => libc::RT_SCOPE_LINK,
        _ => libc::RT_SCOPE_UNIVERSE,
    };
    // The gateway is on the link, whatever the routes say.
    let flags = if route.via.is_some() { RTNH_F_ONLINK } else { 0 };
    let [a, b, c, d] = flags.to_ne_bytes();
    [libc::AF_INET as u8, route.bits, 0, 0, libc::RT_TABLE_MAIN, STATIC, scope, route.kind, a, b, c, d]
}

fn terminated(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}
