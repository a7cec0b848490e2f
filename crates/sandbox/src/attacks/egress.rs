//! What egress to the internet must not lead to, tried on the host's own addresses and those of metadata services.
//!
//! Invariant: nothing is sent to anybody but this machine and addresses that no other may have. What egress is good for, its
//! rates and its lists are tried in a network of the tests' own, because a doctor that sends to the internet would be a nuisance.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::io::Errno;

use super::network::{METADATA, addresses};
use super::refusal::{Verdict, breach, name_of};
use super::stage::{Facts, Stage, finish};
use super::{Attack, Group, Place, Twin, Twins, run};
use crate::egress::Egress;
use crate::error::AttackError;
use crate::weaken::Layer;

const HOST: &str = "host-by-egress";
/// Most addresses of the host that are tried.
const MOST: usize = 16;
const PATIENCE: Duration = Duration::from_secs(1);
/// The word of a route inside, or of the firewall, or that there is no such thing as IPv6.
const REFUSALS: [Errno; 6] = [
    Errno::ACCESS,
    Errno::NETUNREACH,
    Errno::HOSTUNREACH,
    Errno::ADDRNOTAVAIL,
    Errno::AFNOSUPPORT,
    Errno::PERM,
];

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: HOST,
    group: Group::Network,
    protection: "egress",
    what: "reach the host itself, or a metadata service, by egress to the internet",
    twins: Twins {
        privileged: Twin::Without(&[Layer::EgressFilter, Layer::EgressRoutes]),
        rootless: Twin::None("a plain user's environments have no egress"),
    },
    inside: reach,
    place: Place::Staged(with_egress),
    ..Attack::SHARED
}];

fn with_egress(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let mut spec = stage.spec(HOST, stage.facts());
    spec.egress = Egress::Internet;
    Ok(run::read(&finish(&stage.create(&spec)?).output, HOST))
}

/// A port that is closed answers too, where it is reached.
fn reach(facts: &Facts) -> Verdict {
    let own = addresses(facts.get("host-addresses"));
    let own = own.into_iter().filter(|address| matches!(address.ip(), IpAddr::V4(_))).take(MOST);
    let mut heard = Vec::new();
    for address in own.chain(addresses(&METADATA.join(","))) {
        heard.push(refusal(address)?);
    }
    heard.sort();
    heard.dedup();
    Ok(heard.join(", "))
}

fn refusal(address: SocketAddr) -> Verdict {
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(_) => breach(format!("{address} was reached")),
        Err(error) if error.kind() == ErrorKind::TimedOut => Ok("no answer".to_owned()),
        Err(error) => match Errno::from_io_error(&error) {
            Some(errno) if REFUSALS.contains(&errno) => Ok(name_of(errno)),
            _ => breach(format!("{address} answered: {error}")),
        },
    }
}
