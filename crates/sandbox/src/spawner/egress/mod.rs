//! The host's side of environments' egress, as the spawner keeps it: addresses, lists of destinations, and the firewall around all.
//!
//! Invariant: no environment has an interface before the rules that hold it are in the kernel, and the rules go last.

mod addresses;
mod claim;
mod host;
mod rules;

use std::collections::BTreeMap;

use rustix::io::Errno;

pub(super) use addresses::Address;

use addresses::Addresses;
use claim::Claim;
use rules::{INTERNET, Rules};

use crate::egress::{Destination, Egress, EgressOptions, Network};
use crate::environment::Link;
use crate::netlink;
use crate::step::{At, Failed, Step};
use crate::weaken::{Layer, Weakened};

/// Most different lists in a spawner's life: a number has two digits, and 0 is the internet's.
const MAX_LISTS: usize = 99;

/// That of all environments.
pub(super) struct HostEgress {
    rules: Rules,
    addresses: Addresses,
    lists: BTreeMap<Vec<Destination>, u8>,
    _claim: Claim,
}

impl HostEgress {
    /// Makes the rules, in place of those that an earlier spawner of this name left. The error is for the operator.
    pub(super) fn open(name: &str, options: &EgressOptions) -> Result<Self, String> {
        let claim = claim::claim(options.network)?;
        host::check(options.network)?;
        let rules = Rules::new(name, options.clone(), host::connected(), host::connections());
        host::nft(&rules.text())?;
        Ok(Self { addresses: Addresses::of(options.network), rules, lists: BTreeMap::new(), _claim: claim })
    }

    /// Removes what an earlier spawner of this name left, where there is to be no egress any more.
    pub(super) fn remove_leftovers(name: &str) {
        let network = Network::EVERYTHING;
        let rules = Rules::new(name, EgressOptions { network, bytes_per_second: 0 }, Vec::new(), 0);
        // No program, no table.
        let _ = host::nft(&rules.removal());
    }

    /// What an environment needs for its egress, and the address to give back at its end.
    pub(super) fn admit(&mut self, egress: &Egress, weakened: Weakened) -> Result<(Link, Address), Failed> {
        let list = self.number(egress)?;
        let host = netlink::socket().at(Step::EgressHost)?;
        let address = self.addresses.take().ok_or(Errno::ADDRNOTAVAIL).at(Step::EgressAddress)?;
        let name = match weakened.keeps(Layer::EgressFilter) {
            true => self.rules.interface(list, address.place),
            false => self.rules.unknown_interface(address.place),
        };
        let (reach, prohibit) = self.routes(egress);
        Ok((Link { host, name, address: address.address, reach, prohibit }, address))
    }

    /// The address of an environment that has ended.
    pub(super) fn give_back(&mut self, address: Address) {
        self.addresses.give_back(address);
    }

    /// Removes the rules: no environment lives any more.
    pub(super) fn close(&self) {
        // At the next start it is tried again.
        let _ = host::nft(&self.rules.removal());
    }

    /// The number of a list, which is made known to the kernel when it is first seen.
    fn number(&mut self, egress: &Egress) -> Result<u8, Failed> {
        let Egress::Allow(list) = egress else { return Ok(INTERNET) };
        if let Some(number) = self.lists.get(list) {
            return Ok(*number);
        }
        if self.lists.len() == MAX_LISTS {
            return Err(Errno::NOSPC).at(Step::EgressList);
        }
        let number = self.lists.len() as u8 + 1;
        // What nft says is known where it fails; the answer has room for a number only.
        host::nft(&self.rules.list(number, list)).map_err(|_| Errno::IO).at(Step::EgressList)?;
        self.lists.insert(list.clone(), number);
        Ok(number)
    }

    /// What is reached, and what is not although it may be a part of that.
    fn routes(&self, egress: &Egress) -> (Vec<Network>, Vec<Network>) {
        let never = self.rules.never().into_iter();
        let (mut reach, mut prohibit): (Vec<_>, Vec<_>) = match egress {
            Egress::Allow(list) => (list.iter().map(|one| one.network()).collect(), never.collect()),
            _ => (vec![Network::EVERYTHING], never.chain(self.rules.private()).collect()),
        };
        for networks in [&mut reach, &mut prohibit] {
            networks.sort();
            networks.dedup();
        }
        // The kernel has one route to each network: what may not be reached has it.
        reach.retain(|network| !prohibit.contains(network));
        (reach, prohibit)
    }
}
