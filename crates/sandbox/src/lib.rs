//! The spawner and the Linux sandbox of an execution environment; the only crate with unsafe code.
//!
//! `main` calls [`run_if_spawner`] first, and then [`attacks::run_if_attacker`]. The platform then starts one [`Spawner`] and
//! asks it for environments; each is held by a [`Sandbox`]. This crate takes a plain [`SandboxSpec`] and knows nothing of
//! functions, accounts or stores.
//!
//! Invariant: the function's code is hostile from its first instruction, and everything that holds it is on before that one.

pub mod attacks;
mod cgroup;
mod egress;
mod environment;
mod error;
#[cfg(feature = "failpoints")]
pub mod failpoints;
#[cfg(not(feature = "failpoints"))]
mod failpoints;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handle;
mod kvm;
mod netlink;
mod program;
mod protections;
mod seccomp;
mod spawner;
mod spec;
mod step;
mod syscalls;
mod weaken;

pub use egress::{Destination, DestinationError, Egress, EgressOptions, Network};
pub use error::{AttackError, CreateError, StartError};
pub use handle::{MemoryUsage, Sandbox};
pub use kvm::{Kvm, kvm};
pub use program::hand_back_program;
pub use protections::{Mode, Need, Protection, Protections, need};
pub use spawner::{HIGHEST_UID_BASE, LOWEST_UID_BASE, Spawner, SpawnerOptions, run_if_spawner};
pub use spec::{Limits, SandboxSpec, SpecError, TreeName};
pub use step::Step;
pub use syscalls::landlock_abi;
pub use weaken::Layer;
