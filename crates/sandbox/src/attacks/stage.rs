//! What an attack is told, and the environments that it is tried in.
//!
//! Invariant: everything that is made here is gone when the stage is dropped.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Target;
use super::inside::{NEIGHBOUR, TRY};
use super::reachable::Reachable;
use crate::egress::Egress;
use crate::error::AttackError;
use crate::handle::{Sandbox, wait_readable};
use crate::protections::Mode;
use crate::spec::SandboxSpec;
use crate::weaken::Layer;

/// Longest wait for an environment's output to end.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// Most bytes of output that are read.
const MAX_OUTPUT: usize = 1 << 20;

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

    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}"))
    }
}

/// Everything outside, for one run.
pub(crate) struct Stage<'a> {
    pub(super) target: &'a Target<'a>,
    without: &'a [Layer],
    facts: Facts,
    neighbour: Sandbox,
    /// Kept so that there is something to reach.
    _reachable: Reachable,
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
        let reachable = Reachable::make().map_err(AttackError::Stage)?;
        let mode = match target.spawner.protections().mode {
            Mode::Privileged => "privileged",
            Mode::Rootless => "rootless",
        };
        let facts = reachable.facts().with("mode", mode);
        let neighbour = target.create(&spec(target, NEIGHBOUR, &facts), without)?;
        await_first_line(&neighbour);
        let facts = facts.with("neighbour-pid", pid_in(&neighbour).unwrap_or_default());
        Ok(Self { target, without, facts, neighbour, _reachable: reachable })
    }

    /// What all attacks are told.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether the neighbour is still there.
    pub(super) fn neighbour_lives(&self) -> bool {
        !wait_readable(&self.neighbour.pidfd, Duration::ZERO)
    }

    /// The neighbour's pid 1, as the host numbers it.
    pub(crate) fn neighbours_pid(&self) -> Option<i32> {
        pid_in(&self.neighbour)
    }

    /// Starts an environment in which the attacker has this role: the name of an attack, whose inside then runs with these
    /// facts.
    pub(crate) fn start(&self, role: &str, facts: &Facts) -> Result<Sandbox, AttackError> {
        self.create(&self.spec(role, facts))
    }

    /// Starts it, and waits for its end.
    pub(crate) fn run(&self, role: &str, facts: &Facts) -> Result<Ended, AttackError> {
        Ok(finish(&self.start(role, facts)?))
    }

    /// What [`Stage::start`] asks for, to be changed where an attack needs other limits or another program.
    pub(crate) fn spec(&self, role: &str, facts: &Facts) -> SandboxSpec {
        spec(self.target, role, facts)
    }

    /// Asks for an environment.
    pub(crate) fn create(&self, spec: &SandboxSpec) -> Result<Sandbox, AttackError> {
        Ok(self.target.create(spec, self.without)?)
    }

    /// Starts an environment over another runtime root.
    pub(crate) fn start_in(&self, root: &Path) -> Result<Sandbox, AttackError> {
        self.create(&SandboxSpec { root: root.to_owned(), ..self.spec(TRY, &self.facts) })
    }
}

fn spec(target: &Target<'_>, role: &str, facts: &Facts) -> SandboxSpec {
    let head = [target.program.clone(), role.to_owned()];
    SandboxSpec {
        id: format!("{:08x}{:08x}{:016x}", 0xA77A_C4ED_u32, std::process::id(), serial()),
        tenant: "0".repeat(12),
        root: target.root.clone(),
        code: target.code.clone(),
        layers: Vec::new(),
        channel: false,
        argv: head.into_iter().chain(facts.words()).collect(),
        env: vec![(role.to_uppercase(), "of one environment".to_owned())],
        cwd: "/var/task".to_owned(),
        hostname: "attacked".to_owned(),
        limits: target.limits.clone(),
        egress: Egress::None,
    }
}

/// A number that this process has not used yet.
pub(super) fn serial() -> u64 {
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

pub(super) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// Waits for an environment's first words, or its end.
fn await_first_line(sandbox: &Sandbox) {
    if wait_readable(&sandbox.output, PATIENCE) {
        // What it says is of no interest: attacks on a neighbour that is not there fail as such.
        let _ = rustix::io::read(&sandbox.output, &mut [0; 64]);
    }
}

/// The number that pid 1 of an environment has on the host.
pub(super) fn pid_in(sandbox: &Sandbox) -> Option<i32> {
    let info = format!("/proc/self/fdinfo/{}", sandbox.pidfd.as_fd().as_raw_fd());
    let info = std::fs::read_to_string(info).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}
