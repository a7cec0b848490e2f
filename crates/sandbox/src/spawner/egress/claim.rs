//! The claim of a network for environments, so that two spawners on one host never give out the same address.
//!
//! The claim is a lock on as many bytes of one file as the network has addresses, at the place that they say, apart for each
//! network namespace: what is the same address in another one is another host's. Invariant: a claim never takes what another
//! spawner holds.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use crate::egress::Network;
use crate::spawner::locks;
use crate::syscalls;

const FILE: &str = "egress";
/// How often it is tried, and with which pause: a spawner whose platform was killed takes two seconds to end, and the next
/// platform is started meanwhile.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(100);

/// A network that is this spawner's as long as this is held; not claimed on a host without a /run of root's own.
#[derive(Debug)]
pub(super) struct Claim {
    _lock: Option<OwnedFd>,
}

/// Claims it. The error is for the operator.
pub(super) fn claim(network: Network) -> Result<Claim, String> {
    let Ok(file) = locks::open(Path::new(locks::PLACE), FILE) else { return Ok(Claim { _lock: None }) };
    let namespace =
        std::fs::metadata("/proc/self/ns/net").map_err(|error| format!("/proc/self/ns/net: {error}"))?;
    for _ in 0..TRIES {
        if try_claim(&file, namespace.ino(), network)? {
            return Ok(Claim { _lock: Some(file.into()) });
        }
        std::thread::sleep(PAUSE);
    }
    Err(format!(
        "another Lambent on this host gives addresses of the network {network} to its environments; choose another (egress.network)"
    ))
}

fn try_claim(file: &File, namespace: u64, network: Network) -> Result<bool, String> {
    let (start, length) = place(namespace, network);
    syscalls::lock_range(file, start, length).map_err(|errno| format!("{}/{FILE}: {errno}", locks::PLACE))
}

/// Where the bytes of a network are. The kernel numbers its namespaces with 32 bits, of which the first is always set.
fn place(namespace: u64, network: Network) -> (i64, i64) {
    let start = (namespace & 0x7FFF_FFFF) << 32 | u64::from(network.address().to_bits());
    (start as i64, i64::from(!network.mask()) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_network_is_one_spawners_and_free_again_with_it() {
        let place = tempfile::tempdir().expect("a directory");
        // As another spawner would: with a description of its own.
        let file = || locks::open(place.path(), FILE).expect("the file");
        let claim = |file: &File, namespace, network: &str| {
            try_claim(file, namespace, network.parse().expect("a network")).expect("an answer")
        };
        let (one, other) = (file(), file());
        assert!(claim(&one, 0xF000_0001, "198.19.0.0/16"));
        assert!(!claim(&other, 0xF000_0001, "198.19.0.0/16"));
        assert!(!claim(&other, 0xF000_0001, "198.18.0.0/15"), "it holds the other");
        assert!(!claim(&other, 0xF000_0001, "198.19.252.0/22"), "it is in the other");
        assert!(claim(&other, 0xF000_0001, "198.18.0.0/16"), "it lies beside the other");
        assert!(claim(&other, 0xF000_0002, "198.19.0.0/16"), "it is another host's");
        drop(one);
        assert!(claim(&other, 0xF000_0001, "198.19.0.0/16"));
    }

    proptest! {
        #[test]
        fn places_overlap_where_networks_of_one_namespace_do(
            [one, other] in [0xF000_0000u64..0xF000_0003, 0xF000_0000..0xF000_0003],
            [a, b] in any::<[u32; 2]>(), [long, short] in [8u8..=22, 8..=22],
        ) {
            let network = |address: u32, bits: u8| {
                let address = address & (u32::MAX << (32 - bits));
                Network::from_parts(std::net::Ipv4Addr::from_bits(address), bits).expect("a network")
            };
            let networks = [network(a, long), network(b, short)];
            let [(first, length), (second, other_length)] = [place(one, networks[0]), place(other, networks[1])];
            let overlap = first < second + other_length && second < first + length;
            prop_assert!(first >= 0 && second >= 0);
            prop_assert_eq!(overlap, one == other && networks[0].overlaps(networks[1]));
        }
    }
}
