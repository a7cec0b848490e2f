//! Execution environments: their life, the Runtime API inside them, their log, their code, and the runtimes.
//!
//! Everything that an environment needs arrives in its [`EnvironmentSpec`]: this crate opens no store and decides no policy.
//! Invariant: whatever ends an environment, nothing of it stays behind, and an accepted invocation gets its outcome.

mod births;
mod code;
mod cpu;
mod credentials;
mod environment;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod invocation;
mod isolation;
mod logging;
mod logs;
mod memory;
mod names;
mod options;
mod platform;
mod readiness;
mod residence;
mod room;
mod runtime_api;
pub mod runtimes;
#[cfg(any(test, feature = "fuzzing"))]
mod sample;
mod sandboxed;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod spec;
mod staging;
#[cfg(test)]
mod story;
mod sync;
mod worker;

pub use code::{CodeError, CodeSource};
pub use credentials::RoleCredentials;
pub use environment::{Environment, Phase};
pub use error::StartError;
pub use invocation::{Answer, Fate, Invocation, LogTail, Outcome, Timings};
pub use isolation::{Cell, CellSpec, Isolation, IsolationError, Memory, Started};
pub use logging::{LogFormat, LogLevel, Logging};
pub use names::Resolver;
pub use options::Options;
pub use platform::{NoPlatform, PlatformEndpoint};
pub use sandbox::{Destination, Egress};
pub use sandboxed::SandboxIsolation;
pub use spec::{Code, CodeId, EnvironmentSpec};
pub use worker::{LiveEnvironment, Worker};
