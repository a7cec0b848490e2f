//! Execution environments: their life, the Runtime API inside them, their log, their code, and the runtimes.
//!
//! Everything that an environment needs arrives in its [`EnvironmentSpec`]: this crate opens no store and decides no policy.
//! Invariant: whatever ends an environment, nothing of it stays behind, and an accepted invocation gets its outcome.

mod code;
mod environment;
mod error;
mod invocation;
mod isolation;
mod logs;
mod memory;
mod options;
mod readiness;
mod runtime_api;
/// Runtimes by name.
pub mod runtimes {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use types::RuntimeName;

    /// One runtime.
    #[derive(Debug, Clone)]
    pub struct Runtime {
        /// Its name.
        pub name: RuntimeName,
        /// Its read-only root.
        pub root: PathBuf,
        /// Its version.
        pub version: String,
        /// Its program.
        pub argv: Vec<String>,
        /// Its variables.
        pub env: Vec<(String, String)>,
    }

    /// All of them.
    #[derive(Debug, Clone, Default)]
    pub struct Runtimes(BTreeMap<RuntimeName, Runtime>);

    impl FromIterator<Runtime> for Runtimes {
        fn from_iter<I: IntoIterator<Item = Runtime>>(runtimes: I) -> Self {
            Self(runtimes.into_iter().map(|runtime| (runtime.name.clone(), runtime)).collect())
        }
    }

    impl Runtimes {
        /// One by its name.
        pub fn get(&self, name: &RuntimeName) -> Option<&Runtime> {
            self.0.get(name)
        }
    }
}
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
pub use environment::{Environment, Phase};
pub use error::StartError;
pub use invocation::{Answer, Fate, Invocation, LogTail, Outcome, Timings};
pub use isolation::{Cell, CellSpec, Isolation, IsolationError, Memory, Started};
pub use options::Options;
pub use sandboxed::SandboxIsolation;
pub use spec::{Code, CodeId, EnvironmentSpec};
pub use worker::{LiveEnvironment, Worker};
