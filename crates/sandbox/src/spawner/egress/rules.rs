//! The firewall as text for `nft`: made once, and it knows environments by the names of their interfaces.
//!
//! ```text
//! l12345p07n00042    l + the platform's digits + p + number of the list + n + place of the address
//! ```
//! Packets with IP options are dropped: with source routing, a router that may be reached would pass on to where nobody may go. The
//! kernel takes a capability for that, which functions lack; this holds without it. Invariant: what comes from an environment is
//! accepted by a rule that names it, or dropped; the same for what goes to one.

use std::fmt::Write;

use crate::egress::{Destination, EgressOptions, NEVER, Network, PRIVATE};

/// Connections, and what counts as one for UDP, that an environment may have at a time, at most.
const CONNECTIONS: u32 = 4096;
/// Groups that environments are counted in, by the last bits of their addresses. The kernel looks at all connections of a group
/// again and again, so that one group for all would be dear.
const GROUPS: u32 = 64;

/// The number of the list of those who may reach the internet.
pub(super) const INTERNET: u8 = 0;

/// What the rules of one platform are made from.
#[derive(Debug)]
pub(super) struct Rules {
    /// The table's name.
    pub(super) table: String,
    /// What the names of all its interfaces begin with: seven bytes.
    pub(super) prefix: String,
    pub(super) options: EgressOptions,
    /// Networks without a router between them and the host.
    pub(super) connected: Vec<Network>,
    /// Connections that the host can have at a time. When its table is full, it drops whatever is new, its own too.
    pub(super) host_connections: u32,
}

impl Rules {
    pub(super) fn new(
        name: &str,
        options: EgressOptions,
        connected: Vec<Network>,
        host_connections: u32,
    ) -> Self {
        // Five hexadecimal digits of FNV-1a.
        let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        });
        let digits = (hash ^ (hash >> 20) ^ (hash >> 40)) & 0xF_FFFF;
        let (table, prefix) = (format!("egress-{name}"), format!("l{digits:05x}p"));
        Self { table, prefix, options, connected, host_connections }
    }

    /// How many connections a group of environments may have, which is half of the host's for all groups, and how many one
    /// environment, which leaves its group's others half of that.
    fn connections(&self) -> (u32, u32) {
        let group = (self.host_connections / 2 / GROUPS).max(2);
        (group, (group / 2).min(CONNECTIONS))
    }

    /// The name of an interface.
    pub(super) fn interface(&self, list: u8, place: u32) -> String {
        format!("{}{list:02}n{place:05}", self.prefix)
    }

    /// One that no rule knows, for a test.
    pub(super) fn unknown_interface(&self, place: u32) -> String {
        format!("w{}00n{place:05}", &self.prefix[1..])
    }

    /// Networks that only a list may name.
    pub(super) fn private(&self) -> Vec<Network> {
        PRIVATE.iter().chain(&self.connected).copied().collect()
    }

    /// Networks that nobody may reach.
    pub(super) fn never(&self) -> Vec<Network> {
        NEVER.iter().copied().chain([self.options.network]).collect()
    }

    /// Removes the table; an error where it is not there.
    pub(super) fn removal(&self) -> String {
        format!("delete table inet {}\n", self.table)
    }

    /// Makes it anew.
    pub(super) fn text(&self) -> String {
        let (table, ours) = (&self.table, format!("\"{}*\"", self.prefix));
        let internet = format!("\"{}{INTERNET:02}n*\"", self.prefix);
        let (never, private) = (elements(&self.never()), elements(&self.private()));
        let (network, rate) = (self.options.network, self.options.bytes_per_second);
        let (group, groups) = (std::net::Ipv4Addr::from_bits(GROUPS - 1), GROUPS);
        let (of_group, of_one) = self.connections();
        let burst = (rate / 10).max(64 << 10);
        let limit = format!("limit rate over {rate} bytes/second burst {burst} bytes");
        // A table can only be removed where it is there.
        let removal = self.removal();
        format!(
            "table inet {table}\n{removal}table inet {table} {{
    set never {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {never} }}; }}
    set private {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {private} }}; }}
    set sending {{ type iface_index; size 65535; flags dynamic,timeout; timeout 1m; }}
    set receiving {{ type iface_index; size 65535; flags dynamic,timeout; timeout 1m; }}
    set opening {{ type iface_index; size 65535; flags dynamic; }}
    set opening_together {{ type ipv4_addr; size {groups}; flags dynamic; }}
    chain internet {{
        ip daddr @private drop
        accept
    }}
    chain destinations {{
        fib daddr type != unicast drop
        ip daddr @never drop
        iifname {internet} goto internet
    }}
    chain arriving {{
        type filter hook prerouting priority raw; policy accept;
        iifname != {ours} accept
        meta nfproto != ipv4 drop
        ip hdrlength != 5 drop
        fib saddr . iif oif missing drop
        jump destinations
        drop
    }}
    chain out {{
        oifname {ours} drop
        ct state new add @opening {{ iif ct count over {of_one} }} drop
        ct state new add @opening_together {{ ip saddr & {group} ct count over {of_group} }} drop
        update @sending {{ iif {limit} }} drop
        tcp flags syn tcp option maxseg size set rt mtu
        ct state established accept
        jump destinations
        drop
    }}
    chain in {{
        update @receiving {{ oif {limit} }} drop
        ct state established accept
        meta l4proto icmp ct state related accept
        drop
    }}
    chain passing {{
        type filter hook forward priority filter; policy accept;
        iifname {ours} jump out
        oifname {ours} jump in
    }}
    chain to_the_host {{
        type filter hook input priority filter; policy accept;
        iifname {ours} drop
    }}
    chain from_the_host {{
        type filter hook output priority filter; policy accept;
        oifname != {ours} accept
        icmp type destination-unreachable accept
        drop
    }}
    chain leaving {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {network} oifname != {ours} masquerade
    }}
}}
"
        )
    }

    /// Adds a list, in place of what one of this number left whose adding was not known to have succeeded: no list inherits
    /// destinations. Who is not on it is told so, as nothing of the host is behind it that a refusal could tell of.
    pub(super) fn list(&self, number: u8, list: &[Destination]) -> String {
        let table = &self.table;
        let chain = format!("chain inet {table} list{number:02}\n");
        let mut text = format!("add {chain}flush {chain}");
        for destination in list {
            let network = destination.network();
            let port = destination
                .port()
                .map(|port| format!(" meta l4proto {{ tcp, udp }} th dport {port}"))
                .unwrap_or_default();
            // Writing to a String doesn't fail.
            let _ = writeln!(text, "add rule inet {table} list{number:02} ip daddr {network}{port} accept");
        }
        let _ =
            writeln!(text, "add rule inet {table} list{number:02} reject with icmp type admin-prohibited");
        let name = format!("\"{}{number:02}n*\"", self.prefix);
        let _ = writeln!(text, "add rule inet {table} destinations iifname {name} goto list{number:02}");
        text
    }
}

fn elements(networks: &[Network]) -> String {
    networks.iter().map(Network::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str) -> Rules {
        let options =
            EgressOptions { network: "198.19.0.0/16".parse().expect("a network"), bytes_per_second: 1 << 20 };
        Rules::new(name, options, vec!["203.0.113.0/24".parse().expect("a network")], 262_144)
    }

    #[test]
    fn all_environments_together_leave_half_of_the_hosts_connections() {
        let of = |host_connections| Rules { host_connections, ..rules("a") }.connections();
        assert_eq!(of(262_144), (2048, 1024));
        assert_eq!(of(4 << 20), (32_768, 4096));
        assert_eq!(of(65_536), (512, 256));
        assert_eq!(of(0), (2, 1));
        let text = rules("a").text();
        assert!(text.contains("{ iif ct count over 1024 } drop"), "{text}");
        assert!(text.contains("{ ip saddr & 0.0.0.63 ct count over 2048 } drop"), "{text}");
    }

    #[test]
    fn names_of_interfaces_fit_and_tell_platforms_and_lists_apart() {
        let (one, other) = (rules("lambent-1"), rules("lambent-2"));
        assert_ne!(one.prefix, other.prefix);
        assert_eq!(one.interface(7, 42).len(), 15);
        assert_eq!(one.interface(99, 99_999).len(), 15);
        assert!(one.interface(7, 42).starts_with(&format!("{}07n", one.prefix)));
        assert!(!one.unknown_interface(42).starts_with(&one.prefix));
    }

    #[test]
    fn what_is_never_reached_is_checked_before_any_list() {
        let text = rules("a").text();
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} in {text}"));
        assert!(at("@never drop") < at("goto internet"));
        assert!(
            text.contains("203.0.113.0/24") && text.contains("198.19.0.0/16, ")
                || text.contains(", 198.19.0.0/16")
        );
        let list = rules("a").list(7, &["10.0.0.0/8:443".parse().expect("one")]);
        assert!(list.contains("list07 ip daddr 10.0.0.0/8 meta l4proto { tcp, udp } th dport 443 accept"));
        assert!(
            list.starts_with("add chain inet egress-a list07\nflush chain inet egress-a list07\n"),
            "{list}"
        );
    }
}
