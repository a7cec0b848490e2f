//! The spawner: a small single-threaded process, the only privileged one, that makes environments.
//!
//! Invariant: nothing forks from a process that has threads. The spawner is started before the platform's first thread, from
//! a sealed copy of the executable, and ends with the platform, taking every environment along.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::{CreateError, StartError};
use crate::handle::Sandbox;
use crate::protections::Protections;
use crate::spec::SandboxSpec;

/// How to start the spawner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnerOptions {
    /// Name of the spawner's cgroups: 1 to 64 of `a-z`, `0-9` and `-`. Two platforms on one host need different names; a start
    /// removes what an earlier spawner of the same name left behind, living processes too.
    pub name: String,
    /// Size of the staging area for code trees in bytes.
    pub staging_bytes: u64,
    /// First uid and gid that environments get. 1,000 at least.
    pub uid_base: u32,
    /// How many uids follow it, which is the most environments that can live at the same time.
    pub uid_count: u32,
}

/// The platform's end of the spawner. It can be used from many threads; dropping it ends the spawner and every environment.
#[derive(Debug)]
pub struct Spawner {
    socket: OwnedFd,
    staging: OwnedFd,
    protections: Protections,
}

/// To be called in the first line of `main`: `Some` when this process was executed as the spawner, has done its work and must
/// end with that code.
pub fn run_if_spawner() -> Option<std::process::ExitCode> {
    None
}

impl Spawner {
    /// Starts the spawner. Only a process with a single thread may do this, and its main thread must outlive the spawner.
    pub fn start(options: SpawnerOptions) -> Result<Self, StartError> {
        if options.uid_count == 0 {
            return Err(StartError::Option("uid_count"));
        }
        Err(StartError::Silent)
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

    /// Makes an environment and starts its runtime: about 2 ms, blocking. Callable from many threads at once.
    pub fn create(&self, spec: &SandboxSpec) -> Result<Sandbox, CreateError> {
        spec.check()?;
        let _ = &self.socket;
        Err(CreateError::SpawnerGone)
    }
}
