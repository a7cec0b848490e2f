//! Which address the next environment gets.
//!
//! Invariant: an address is given out again only after every other one was, so that late answers of connections that a dead
//! environment had find nobody for as long as can be.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::egress::Network;

/// The addresses of a network but its first and its last, in turn.
#[derive(Debug)]
pub(super) struct Addresses {
    network: Network,
    next: u32,
    taken: BTreeSet<u32>,
}

/// One of them, by its place in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spawner) struct Address {
    pub(super) place: u32,
    pub(super) address: Ipv4Addr,
}

impl Addresses {
    pub(super) fn of(network: Network) -> Self {
        Self { network, next: 1, taken: BTreeSet::new() }
    }

    /// How many there are; the place of each has five digits at most.
    fn count(&self) -> u32 {
        (!self.network.mask()).min(100_000) - 1
    }

    /// The next free one.
    pub(super) fn take(&mut self) -> Option<Address> {
        for _ in 0..self.count() {
            let place = self.next;
            self.next = place % self.count() + 1;
            if self.taken.insert(place) {
                let address = Ipv4Addr::from_bits(self.network.address().to_bits() + place);
                return Some(Address { place, address });
            }
        }
        None
    }

    pub(super) fn give_back(&mut self, address: Address) {
        self.taken.remove(&address.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_of_a_network_but_its_ends_are_given_out() {
        let mut addresses = Addresses::of("198.19.0.0/22".parse().expect("a network"));
        let all: Vec<_> = std::iter::from_fn(|| addresses.take()).map(|taken| taken.address).collect();
        assert_eq!(all.len(), 1022);
        assert_eq!(all[0].to_string(), "198.19.0.1");
        assert_eq!(all[1021].to_string(), "198.19.3.254");
    }

    #[test]
    fn places_fit_the_interfaces_name() {
        let mut addresses = Addresses::of("10.0.0.0/8".parse().expect("a network"));
        assert!((0..200_000).all(|_| {
            let taken = addresses.take().expect("one is free");
            addresses.give_back(taken);
            taken.place < 100_000
        }));
    }

    proptest! {
        #[test]
        fn none_is_had_twice_and_none_comes_back_soon(frees in proptest::collection::vec(any::<bool>(), 1..2000)) {
            let mut addresses = Addresses::of("198.19.0.0/22".parse().expect("a network"));
            let mut held: Vec<Address> = Vec::new();
            let mut given = Vec::new();
            for free in frees {
                if free && !held.is_empty() {
                    addresses.give_back(held.remove(0));
                } else if let Some(taken) = addresses.take() {
                    prop_assert!(!held.contains(&taken));
                    if let Some(earlier) = given.iter().rposition(|place| *place == taken.place) {
                        prop_assert!(given.len() - earlier + held.len() >= 1022);
                    }
                    held.push(taken);
                    given.push(taken.place);
                }
            }
        }
    }
}
