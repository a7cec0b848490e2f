//! What an attack needs outside: things of the host and of a neighbour that it tries to reach, and environments to try it in.
//!
//! Invariant: everything that is made here is gone when the stage is dropped.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Target;
use super::inside::{self, NEIGHBOUR};
use crate::error::AttackError;
use crate::handle::{Sandbox, wait_readable};
use crate::spec::SandboxSpec;
use crate::weaken::Layer;

/// Longest wait for an environment's output to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most bytes of output that are read.
const MAX_OUTPUT: usize = 1 << 20;
/// What the neighbour says when it has left its traces.
const READY: &str = "ready";

/// What an attack is told, as `NAME=VALUE` arguments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts(BTreeMap<String, String>);

impl Facts {
    pub(super) fn parse(words: &[String]) -> Self {
        let pairs = words.iter().filter_map(|word| word.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The fact of that name; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The fact of that name as a number; 0 when there is none.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.get(name).parse().unwrap_or(0)
    }

    /// These facts and one more.
    pub(crate) fn with(&self, name: &str, value: impl ToString) -> Self {
        let mut facts = self.clone();
        facts.0.insert(name.to_owned(), value.to_string());
        facts
    }

    fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}"))
    }
}

/// Everything outside, for one run.
pub(crate) struct Stage<'a> {
    pub(super) target: &'a Target<'a>,
    without: &'a [Layer],
    facts: Facts,
    /// Kept so that there is something to reach.
    _listener: TcpListener,
    _abstract_socket: UnixListener,
    _neighbour: Sandbox,
}

/// How an environment ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) output: String,
    /// As `wait` encodes it; nothing when the environment was killed from outside, or did not end in time.
    pub(crate) status: Option<i32>,
}

impl<'a> Stage<'a> {
    pub(super) fn set(target: &'a Target<'a>, without: &'a [Layer]) -> Result<Self, AttackError> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(AttackError::Stage)?;
        let port = listener.local_addr().map_err(AttackError::Stage)?.port();
        let name = format!("lambent-attacked-{}-{}", std::process::id(), serial());
        let address = SocketAddr::from_abstract_name(&name).map_err(AttackError::Stage)?;
        let abstract_socket = UnixListener::bind_addr(&address).map_err(AttackError::Stage)?;
        let facts = Facts::default().with("host-port", port).with("host-abstract", name);
        let neighbour = start(target, without, NEIGHBOUR, &facts)?;
        await_ready(&neighbour);
        let pid = pid_in(&neighbour).unwrap_or_default();
        let facts = facts.with("neighbour-pid", pid).with("host-pid", std::process::id());
        Ok(Self {
            target,
            without,
            facts,
            _listener: listener,
            _abstract_socket: abstract_socket,
            _neighbour: neighbour,
        })
    }

    /// What all attacks are told.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Starts an environment in which the attacker has this role: the name of an attack, whose inside then runs with these
    /// facts, or `neighbour`.
    pub(crate) fn start(&self, role: &str, facts: &Facts) -> Result<Sandbox, AttackError> {
        start(self.target, self.without, role, facts)
    }

    /// Starts it, and waits for its end.
    pub(crate) fn run(&self, role: &str, facts: &Facts) -> Result<Ended, AttackError> {
        Ok(finish(&self.start(role, facts)?))
    }
}

fn start(target: &Target<'_>, without: &[Layer], role: &str, facts: &Facts) -> Result<Sandbox, AttackError> {
    let head = [target.program.clone(), role.to_owned()];
    let spec = SandboxSpec {
        id: format!("{:08x}{:08x}{:016x}", 0xA77A_C4ED_u32, std::process::id(), serial()),
        root: target.root.clone(),
        code: target.code.clone(),
        layers: Vec::new(),
        channel: false,
        argv: head.into_iter().chain(facts.words()).collect(),
        env: vec![(role.to_uppercase(), "of one environment".to_owned())],
        cwd: "/var/task".to_owned(),
        hostname: "attacked".to_owned(),
        limits: target.limits.clone(),
    };
    Ok(target.create(&spec, without)?)
}

fn serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Reads the output to its end, and the status.
pub(crate) fn finish(sandbox: &Sandbox) -> Ended {
    let deadline = Instant::now() + PATIENCE;
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    while output.len() < MAX_OUTPUT && wait_readable(&sandbox.output, left(deadline)) {
        match rustix::io::read(&sandbox.output, &mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => output.extend_from_slice(&buffer[..count]),
        }
    }
    let mut bytes = [0; 4];
    let has_status = wait_readable(&sandbox.status, left(deadline))
        && rustix::io::read(&sandbox.status, &mut bytes) == Ok(4);
    let status = has_status.then(|| i32::from_ne_bytes(bytes));
    Ended { output: String::from_utf8_lossy(&output).into_owned(), status }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// Waits for the neighbour's first line, or its end.
fn await_ready(neighbour: &Sandbox) {
    if wait_readable(&neighbour.output, PATIENCE) {
        let mut line = [0; 64];
        // What it says is of no interest: attacks on a neighbour that is not there fail as such.
        let _ = rustix::io::read(&neighbour.output, &mut line);
    }
}

/// The number that pid 1 of an environment has on the host.
fn pid_in(sandbox: &Sandbox) -> Option<i32> {
    let info = format!("/proc/self/fdinfo/{}", sandbox.pidfd.as_fd().as_raw_fd());
    let info = std::fs::read_to_string(info).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

/// The neighbour, inside: leaves its traces, and stays.
pub(super) fn neighbour(facts: &Facts) {
    for place in ["/tmp", "/dev/shm"] {
        // Where this fails, nothing is there to be found, which an attack notices in its twin.
        let _ = std::fs::write(format!("{place}/left-by-the-neighbour"), "secret of the neighbour");
    }
    let name = format!("{}-neighbour", facts.get("host-abstract"));
    let listener = SocketAddr::from_abstract_name(name).and_then(|address| UnixListener::bind_addr(&address));
    inside::say(READY);
    std::thread::sleep(PATIENCE * 10);
    drop(listener);
}
