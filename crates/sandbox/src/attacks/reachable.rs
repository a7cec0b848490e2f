//! Things of the host and of a neighbour that attacks try to reach.
//!
//! Invariant: all of it is gone when it is dropped, also what environments without a /tmp of their own have left.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use super::inside;
use super::stage::{Facts, PATIENCE, serial};
use crate::syscalls;

const SHARED_MEMORY: &str = "/dev/shm";
/// What begins the names of what is made on the host; the number of this process follows.
const PREFIX: &str = "lambent-attacked-";

/// What is the host's, for one run.
pub(super) struct Reachable {
    name: String,
    port: u16,
    /// Free, when it was looked for.
    neighbour_port: u16,
    /// Of System V shared memory: its key and its number.
    memory: (u32, i32),
    _listener: TcpListener,
    _abstract_socket: UnixListener,
}

impl Reachable {
    pub(super) fn make() -> io::Result<Self> {
        remove(is_left_over);
        let name = format!("{PREFIX}{}-{}", std::process::id(), serial());
        remove(|other| other.starts_with(&name));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let neighbour_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let abstract_socket = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        put(&format!("{SHARED_MEMORY}/{name}-host"), "secret of the host")?;
        let memory = syscalls::make_shared_memory(0x6C61_0000 | (std::process::id() & 0xFFFF))?;
        Ok(Self {
            name,
            port,
            neighbour_port,
            memory,
            _listener: listener,
            _abstract_socket: abstract_socket,
        })
    }

    pub(super) fn facts(&self) -> Facts {
        Facts::default()
            .with("host-port", self.port)
            .with("neighbour-port", self.neighbour_port)
            .with("host-addresses", host_addresses().join(","))
            .with("host-abstract", &self.name)
            .with("host-memory-key", self.memory.0)
            .with("host-pid", std::process::id())
            .with("host-name", rustix::system::uname().nodename().to_string_lossy())
    }
}

impl Drop for Reachable {
    fn drop(&mut self) {
        syscalls::remove_shared_memory(self.memory.1);
        remove(|name| name.starts_with(&self.name));
    }
}

/// The host's own addresses but those of loopback.
fn host_addresses() -> Vec<String> {
    let trie = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    let mut found: Vec<String> = trie
        .lines()
        .zip(trie.lines().skip(1))
        .filter(|(_, kind)| kind.trim() == "/32 host LOCAL")
        .filter_map(|(address, _)| address.trim().strip_prefix("|-- "))
        .filter(|address| !address.starts_with("127."))
        .map(str::to_owned)
        .collect();
    let ipv6 = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let digits = ipv6.lines().filter(|line| !line.ends_with(" lo")).filter_map(|line| line.get(..32));
    found.extend(
        digits.filter_map(|digits| {
            Some(Ipv6Addr::from_bits(u128::from_str_radix(digits, 16).ok()?).to_string())
        }),
    );
    found.sort();
    found.dedup();
    found
}

/// Makes a file in a directory in which everybody may make others: what somebody has put there under its name, such as a link to
/// a file of root's, is neither written to nor followed.
fn put(path: &str, content: &str) -> io::Result<()> {
    File::options().write(true).create_new(true).open(path)?.write_all(content.as_bytes())
}

/// Removes what has such a name in the host's shared memory.
fn remove(is_ours: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten() {
        if is_ours(&entry.file_name().to_string_lossy()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a run that was killed before it could clean up has left this.
fn is_left_over(name: &str) -> bool {
    let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()).filter(|pid| !pid.is_empty());
    pid.is_some_and(|pid| !std::fs::exists(format!("/proc/{pid}")).unwrap_or(true))
}

/// The neighbour, inside: leaves its traces, and stays.
pub(super) fn be_neighbour(facts: &Facts) {
    let name = format!("{}-neighbour", facts.get("host-abstract"));
    for place in ["/tmp", SHARED_MEMORY] {
        // Where this fails, nothing is there to be found, which an attack notices in its twin.
        let _ = std::fs::write(format!("{place}/{name}"), "secret of the neighbour");
    }
    let listener = SocketAddr::from_abstract_name(name).and_then(|address| UnixListener::bind_addr(&address));
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, facts.number("neighbour-port") as u16));
    inside::say("ready");
    std::thread::sleep(PATIENCE * 10);
    drop((listener, port));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_was_put_in_a_files_place_is_not_followed() {
        let place = tempfile::tempdir().expect("a directory");
        let (theirs, ours) = (place.path().join("theirs"), place.path().join("ours"));
        std::fs::write(&theirs, "x").expect("a file");
        for target in [theirs.clone(), place.path().join("absent")] {
            std::os::unix::fs::symlink(&target, &ours).expect("a link");
            put(ours.to_str().expect("a path"), "secret").expect_err("a link");
            std::fs::remove_file(&ours).expect("remove it");
        }
        assert_eq!(std::fs::read_to_string(&theirs).expect("the file"), "x");
        assert!(!place.path().join("absent").exists());
        put(ours.to_str().expect("a path"), "secret").expect("a free place");
    }
}
