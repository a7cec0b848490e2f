//! What the host has to have for egress, and what it tells.
//!
//! Invariant: no setting of the host is changed here.

use std::io::Write;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::egress::Network;

/// Where distributions put it.
const NFT: [&str; 3] = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"];

/// How often, and how far apart, a predecessor's routes are looked for: 4 s in all.
const LOOKS: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// What must be so before anything is made.
pub(super) fn check(network: Network) -> Result<(), String> {
    let forwards = std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward");
    if forwards.map_err(|error| format!("/proc/sys/net/ipv4/ip_forward: {error}"))?.trim() != "1" {
        return Err("IP forwarding is off on this host; set net.ipv4.ip_forward = 1 (sysctl)".to_owned());
    }
    match overlapping(network) {
        Some(route) => Err(format!(
            "the network {network} for environments overlaps {}, to which this host has a route; choose another",
            route.network
        )),
        None => Ok(()),
    }
}

/// A route into the network. One to a single address of it may be a predecessor's, whose last environments' interfaces the kernel
/// takes away a moment after they ended: it has some time to go.
fn overlapping(network: Network) -> Option<Route> {
    for _ in 0..LOOKS {
        let found = routes().into_iter().find(|route| route.network.overlaps(network))?;
        if found.network.bits() < 32 {
            return Some(found);
        }
        std::thread::sleep(PAUSE);
    }
    routes().into_iter().find(|route| route.network.overlaps(network))
}

/// Networks that the host is on.
pub(super) fn connected() -> Vec<Network> {
    routes().into_iter().filter(|route| route.is_direct).map(|route| route.network).collect()
}

/// How many connections the kernel follows at a time; where it does not say, because it follows none yet, what it would with
/// little memory.
pub(super) fn connections() -> u32 {
    let most = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_max").ok();
    most.and_then(|text| text.trim().parse().ok()).unwrap_or(65_536)
}

/// Runs `nft` with these commands; all of them are done, or none.
#[expect(
    clippy::disallowed_methods,
    reason = "the spawner has one thread, and the rules have a language of their own"
)]
pub(super) fn nft(commands: &str) -> Result<(), String> {
    let program = NFT.into_iter().find(|path| std::fs::exists(path).unwrap_or(false));
    let program = program.ok_or("there is no program nft; install the package nftables")?;
    let mut child = Command::new(program)
        .args(["-f", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read to the end says why itself.
        let _ = input.write_all(commands.as_bytes());
    }
    let ended = child.wait_with_output().map_err(|error| format!("{program}: {error}"))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!("{program}: {}", said.lines().next().unwrap_or("failed without a word")))
}

struct Route {
    network: Network,
    is_direct: bool,
}

/// The host's routes but those to everywhere.
fn routes() -> Vec<Route> {
    let table = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    table.lines().skip(1).filter_map(route).filter(|route| route.network.bits() > 0).collect()
}

/// One line: interface, destination, gateway, flags, three counters, mask; numbers in hexadecimal, as they lie in memory.
fn route(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number =
        |field: &str| u32::from_str_radix(field, 16).ok().map(u32::to_ne_bytes).map(u32::from_be_bytes);
    let [destination, gateway, mask] =
        [number(fields.get(1)?)?, number(fields.get(2)?)?, number(fields.get(7)?)?];
    let bits = mask.leading_ones() as u8;
    let network = Network::from_parts(Ipv4Addr::from_bits(destination), bits).ok()?;
    Some(Route { network, is_direct: gateway == 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_as_the_kernel_writes_them() {
        let direct = route("eth0\t007100CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0").expect("a route");
        assert_eq!((direct.network.to_string().as_str(), direct.is_direct), ("203.0.113.0/24", true));
        let routed = route("tun0\t0000000A\t0100A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0").expect("a route");
        assert_eq!((routed.network.to_string().as_str(), routed.is_direct), ("10.0.0.0/8", false));
        let default = route("eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0").expect("a route");
        assert_eq!(default.network.bits(), 0);
        assert!(route("nonsense").is_none());
    }
}
