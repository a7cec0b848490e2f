//! `[egress]`: what functions may reach beyond themselves. Nothing, unless the operator says so.

use crate::error::Error;
use invoke::{EgressPattern, EgressRules};
use sandbox::{EgressOptions, Network};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use types::Random;
use worker::{Egress, Resolver};

/// Where environments with egress have their addresses: a part of the range for benchmarks of networks (RFC 2544), which
/// nobody has a network of.
const NETWORK: &str = "198.19.0.0/16";
/// Another part of it.
const NETWORK_BESIDE: &str = "198.18.252.0/22";
/// 200 Mbit/s.
const BYTES_PER_SECOND: u64 = 25_000_000;
const RESOLV_CONF: &str = "/etc/resolv.conf";
const DNS_PORT: u16 = 53;
/// Different lists: the spawner counts them with two digits.
const MAX_RULES: usize = 90;

/// The table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EgressConfiguration {
    /// Of functions that no rule names.
    pub(crate) default: Reach,
    /// The rules; the first that fits decides.
    pub(crate) functions: Vec<Rule>,
    /// Where environments have their addresses.
    pub(crate) network: String,
    /// What one environment may send, and what it may receive.
    pub(crate) bytes_per_second: u64,
    /// `host`, `none`, or an address with or without a port.
    pub(crate) resolver: String,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// An account and a name, or an ARN, with `*` and `?`.
    pub(crate) function: String,
    /// What it may reach.
    pub(crate) to: Reach,
}

/// `"none"`, `"internet"`, or a list of destinations.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reach {
    Word(String),
    List(Vec<String>),
}

impl Default for EgressConfiguration {
    fn default() -> Self {
        Self {
            default: Reach::Word("none".to_owned()),
            functions: Vec::new(),
            network: NETWORK.to_owned(),
            bytes_per_second: BYTES_PER_SECOND,
            resolver: "host".to_owned(),
        }
    }
}

impl EgressConfiguration {
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.rules()?;
        self.spawner_options()?;
        self.named_resolver().map(|_| ())
    }

    /// For the data plane.
    pub(crate) fn rules(&self) -> Result<EgressRules, Error> {
        if self.functions.len() > MAX_RULES {
            return Err(wrong("egress.functions", &format!("at most {MAX_RULES} rules")));
        }
        let rules = self.functions.iter().map(|rule| {
            let pattern = rule.function.parse::<EgressPattern>();
            let pattern = pattern.map_err(|error| wrong("egress.functions", &error.to_string()))?;
            Ok((pattern, rule.to.egress("egress.functions")?))
        });
        Ok(EgressRules::new(
            rules.collect::<Result<Vec<_>, Error>>()?,
            self.default.egress("egress.default")?,
        ))
    }

    /// For the spawner; none where there is to be no egress.
    pub(crate) fn spawner_options(&self) -> Result<Option<EgressOptions>, Error> {
        let network = self.network.parse::<Network>();
        let network = network.map_err(|error| wrong("egress.network", &error.to_string()))?;
        if !(8..=22).contains(&network.bits()) {
            return Err(wrong("egress.network", "from /8 to /22, such as 198.19.0.0/16"));
        }
        if !(65_536..=10_000_000_000).contains(&self.bytes_per_second) {
            return Err(wrong("egress.bytes_per_second", "from 65536 to 10000000000"));
        }
        let options = EgressOptions { network, bytes_per_second: self.bytes_per_second };
        Ok(self.is_wanted().then_some(options))
    }

    /// The same, once checked, for a spawner that may run beside that of `serve`.
    pub(crate) fn options_beside_serve(&self) -> Option<EgressOptions> {
        let network = NETWORK_BESIDE.parse().ok()?;
        self.spawner_options().ok().flatten().map(|options| EgressOptions { network, ..options })
    }

    /// Whether there is to be any.
    pub(crate) fn is_wanted(&self) -> bool {
        let reaches = |reach: &Reach| !matches!(reach, Reach::Word(word) if word == "none");
        reaches(&self.default) || self.functions.iter().any(|rule| reaches(&rule.to))
    }

    /// Who answers for names.
    pub(crate) fn resolver(&self, random: &Arc<dyn Random>) -> Result<Option<Resolver>, Error> {
        if !self.is_wanted() {
            return Ok(None);
        }
        let address = match self.named_resolver()? {
            Named::None => return Ok(None),
            Named::At(address) => address,
            Named::Host => host_resolver()?,
        };
        Ok(Some(Resolver::new(address, Arc::clone(random))))
    }

    fn named_resolver(&self) -> Result<Named, Error> {
        match self.resolver.as_str() {
            "none" => Ok(Named::None),
            "host" => Ok(Named::Host),
            text => {
                let address = text.parse::<SocketAddr>().ok();
                let address = address.or_else(|| Some((text.parse::<IpAddr>().ok()?, DNS_PORT).into()));
                address.map(Named::At).ok_or_else(|| {
                    wrong(
                        "egress.resolver",
                        "\"host\", \"none\", or an address such as 192.0.2.53 or 127.0.0.1:5353",
                    )
                })
            }
        }
    }
}

enum Named {
    None,
    Host,
    At(SocketAddr),
}

impl Reach {
    fn egress(&self, setting: &'static str) -> Result<Egress, Error> {
        match self {
            Self::Word(word) if word == "none" => Ok(Egress::None),
            Self::Word(word) if word == "internet" => Ok(Egress::Internet),
            Self::Word(word) => Err(wrong(
                setting,
                &format!("{word:?} is not \"none\", \"internet\" or a list of destinations"),
            )),
            Self::List(list) if (1..=64).contains(&list.len()) => {
                let one = |text: &String| {
                    text.parse().map_err(|error: sandbox::DestinationError| {
                        wrong(setting, &format!("{text:?} is no destination: {error}"))
                    })
                };
                Ok(Egress::Allow(list.iter().map(one).collect::<Result<_, _>>()?))
            }
            Self::List(_) => Err(wrong(setting, "a list has 1 to 64 destinations; \"none\" is for nothing")),
        }
    }
}

/// The first name server that the host itself asks.
fn host_resolver() -> Result<SocketAddr, Error> {
    let text = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
    first_name_server(&text).map(|address| (address, DNS_PORT).into()).ok_or_else(|| {
        wrong("egress.resolver", "/etc/resolv.conf names no name server; give an address, or \"none\"")
    })
}

fn first_name_server(text: &str) -> Option<IpAddr> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse().ok())?
    })
}

fn wrong(setting: &'static str, problem: &str) -> Error {
    Error::Setting { setting, problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> EgressConfiguration {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn nothing_leads_out_by_default() {
        let configuration = parse("");
        assert!(!configuration.is_wanted());
        assert_eq!(configuration.spawner_options().unwrap(), None);
        configuration.check().unwrap();
    }

    #[test]
    fn rules_name_words_and_lists() {
        let text = "default = \"none\"\nresolver = \"192.0.2.53\"\n[[functions]]\nfunction = \"111122223333:fetch-*\"\nto = \"internet\"\n\
                    [[functions]]\nfunction = \"arn:aws:lambda:*:*:function:db\"\nto = [\"10.1.2.3:5432\", \"203.0.113.0/24\"]\n";
        let configuration = parse(text);
        configuration.check().unwrap();
        assert!(configuration.is_wanted());
        assert_eq!(configuration.spawner_options().unwrap().unwrap().bytes_per_second, BYTES_PER_SECOND);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        let cases = [
            ("default = \"all\"", "egress.default: \"all\" is not"),
            ("default = []", "egress.default: a list has"),
            ("default = [\"example.org:443\"]", "egress.default: \"example.org:443\" is no destination"),
            ("default = [\"169.254.169.254\"]", "egress.default: \"169.254.169.254\" is no destination"),
            ("[[functions]]\nfunction = \"\"\nto = \"internet\"", "egress.functions: "),
            (
                "[[functions]]\nfunction = \"fetch-*\"\nto = \"internet\"",
                "egress.functions: \"fetch-*\" does not say of whose functions it speaks; write ACCOUNT:NAME",
            ),
            ("network = \"198.19.0.0/30\"", "egress.network: "),
            ("network = \"198.19.0.1/16\"", "egress.network: "),
            ("bytes_per_second = 1", "egress.bytes_per_second: "),
            ("resolver = \"example.org\"", "egress.resolver: "),
        ];
        for (text, message) in cases {
            let refused = parse(text).check().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("in the configuration, {message}")), "{refused}");
        }
        assert!(toml::from_str::<EgressConfiguration>("functions = [{ function = \"f\" }]").is_err());
    }

    #[test]
    fn the_hosts_first_name_server_is_found() {
        let text = "# nameserver 1.1.1.1\nsearch a b\nnameserver  192.0.2.53 # first\nnameserver ::1\n";
        assert_eq!(first_name_server(text).unwrap().to_string(), "192.0.2.53");
        assert_eq!(first_name_server("search a\nnameserver\n"), None);
    }
}
