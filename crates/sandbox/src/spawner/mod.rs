//! The spawner: a small single-threaded process, the only privileged one, that makes environments.
//!
//! Invariant: nothing forks from a process that has threads. The spawner is started before the platform's first thread, from
//! a sealed copy of the executable, and ends with the platform, taking every environment along.

mod birth;
mod client;
mod egress;
mod environments;
mod launch;
mod locks;
pub(crate) mod nursery;
pub(crate) mod order;
mod overlay;
pub(crate) mod packet;
mod prepare;
#[cfg(not(feature = "fuzzing"))]
mod protocol;
#[cfg(feature = "fuzzing")]
pub(crate) mod protocol;
mod report;
mod server;
mod staging;
mod trial;
mod uids;
mod view;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

pub use launch::run_if_spawner;

use crate::egress::EgressOptions;
use crate::error::{CreateError, StartError};
use crate::handle::Sandbox;
use crate::protections::Protections;
use crate::spec::SandboxSpec;
use crate::weaken::Weakened;

/// Longest wait, when the platform ends, for the spawner to kill and remove everything.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// The lowest base of uids: below are the system's own.
pub const LOWEST_UID_BASE: u32 = 1000;
/// The highest: uids with the highest bit set are negative numbers to some programs.
pub const HIGHEST_UID_BASE: u32 = 0x7FFF_FFFF;

/// How to start the spawner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnerOptions {
    /// Name of the spawner's cgroups: 1 to 64 of `a-z`, `0-9` and `-`. Two platforms on one host need different names; a start
    /// removes what an earlier spawner of the same name left behind, living processes too.
    pub name: String,
    /// Size of the staging area for code trees in bytes.
    pub staging_bytes: u64,
    /// Memory that all environments together may use, in bytes: 64 MiB at least.
    pub memory_bytes: u64,
    /// First uid and gid that environments get, from [`LOWEST_UID_BASE`] to [`HIGHEST_UID_BASE`]; where another spawner of this
    /// host has some of the range, the next free one above it.
    pub uid_base: u32,
    /// How many uids follow it, which is the most environments that can live at the same time.
    pub uid_count: u32,
    /// How environments may reach something, if any may. Where it can't be done, environments that are to reach something are
    /// refused, and [`Protections`] say why.
    pub egress: Option<EgressOptions>,
}

impl SpawnerOptions {
    fn check(&self) -> Result<(), StartError> {
        let is_name = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(is_name) {
            return Err(StartError::Option("name"));
        }
        if !(1 << 20..=1 << 44).contains(&self.staging_bytes) {
            return Err(StartError::Option("staging_bytes"));
        }
        if !(64 << 20..=1 << 60).contains(&self.memory_bytes) {
            return Err(StartError::Option("memory_bytes"));
        }
        if !(LOWEST_UID_BASE..=HIGHEST_UID_BASE).contains(&self.uid_base) {
            return Err(StartError::Option("uid_base"));
        }
        if !(1..=100_000).contains(&self.uid_count) {
            return Err(StartError::Option("uid_count"));
        }
        if !self.egress.as_ref().is_none_or(EgressOptions::is_valid) {
            return Err(StartError::Option("egress"));
        }
        Ok(())
    }
}

/// The platform's end of the spawner. It can be used from many threads; dropping it ends the spawner and every environment.
#[derive(Debug)]
pub struct Spawner {
    socket: OwnedFd,
    process: OwnedFd,
    staging: OwnedFd,
    protections: Protections,
}

impl Spawner {
    /// Starts the spawner. Only a process with a single thread may do this.
    pub fn start(options: SpawnerOptions) -> Result<Self, StartError> {
        Self::start_with(&options, Weakened::none())
    }

    /// The same without some layers that are the spawner's own, so that a test can show that it is able to fail.
    #[cfg(feature = "weaken")]
    pub fn start_weakened(options: SpawnerOptions, without: &[crate::Layer]) -> Result<Self, StartError> {
        Self::start_with(&options, Weakened::new(without))
    }

    fn start_with(options: &SpawnerOptions, weakened: Weakened) -> Result<Self, StartError> {
        options.check()?;
        let (launched, staging, protections) = client::start(options, weakened)?;
        Ok(Self { socket: launched.socket, process: launched.process, staging, protections })
    }

    /// What is in force on this machine.
    pub fn protections(&self) -> &Protections {
        &self.protections
    }

    /// The directory in which code trees are put, each under its [`crate::TreeName`]. It is in memory, bounded, seen by no
    /// other process of the host, and gone with the spawner. Files in it must be readable by everyone.
    pub fn staging(&self) -> BorrowedFd<'_> {
        self.staging.as_fd()
    }

    /// The spawner's pidfd: readable when it has ended, after which no environment lives and none can be made.
    pub fn process(&self) -> BorrowedFd<'_> {
        self.process.as_fd()
    }

    /// Ends the spawner and every environment, without waiting: what is under way fails. Dropping it waits.
    pub fn end(&self) {
        // Shut down already is ended already.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }

    /// Makes an environment and starts its runtime: about 2 ms, blocking. Callable from many threads at once.
    pub fn create(&self, spec: &SandboxSpec) -> Result<Sandbox, CreateError> {
        client::create(&self.socket, spec, Weakened::none())
    }

    /// Arms a failpoint for the next creation, or for the next destruction; none disarms.
    ///
    /// # Errors
    /// Where the spawner is gone.
    #[cfg(feature = "failpoints")]
    pub fn arm(&self, failpoint: Option<crate::failpoints::Failpoint>) -> std::io::Result<()> {
        Ok(packet::send(&self.socket, &crate::failpoints::packet(failpoint), &[])?)
    }

    /// Makes an environment that lacks some layers, so that a test can show that it is able to fail.
    #[cfg(feature = "weaken")]
    pub fn create_weakened(
        &self,
        spec: &SandboxSpec,
        without: &[crate::Layer],
    ) -> Result<Sandbox, CreateError> {
        client::create(&self.socket, spec, Weakened::new(without))
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        self.end();
        launch::reap(&self.process, END_PATIENCE);
    }
}
