//! Why a spawner or an environment could not be made.
//!
//! Invariant: when one of these is returned, nothing is left behind: no process, mount, cgroup or descriptor.

use crate::spec::SpecError;
use crate::step::{Failed, Step};

/// The spawner did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process already has threads.
    #[error("the spawner must be started before the first thread, but this process has {0}")]
    Threads(usize),
    /// An option is out of range.
    #[error("the spawner's option {0} is out of range")]
    Option(&'static str),
    /// A system call or a file.
    #[error("{step}: {source}")]
    Step {
        /// What was being done.
        step: Step,
        /// The errno.
        source: std::io::Error,
    },
    /// A protection that every environment must have is not available.
    #[error("this machine can't isolate environments: {0}")]
    Unprotected(String),
    /// Other spawners of this host have all user ids that could be given out.
    #[error("every range of {count} user ids from {base} on is taken by others on this host")]
    UidsTaken {
        /// The first that was asked for.
        base: u32,
        /// How many.
        count: u32,
    },
    /// The spawner ended or spoke nonsense before it was ready.
    #[error("the spawner did not come up; main() must call sandbox::run_if_spawner() first")]
    Silent,
}

/// The environment was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The request is wrong.
    #[error("the request is refused: {0}")]
    Spec(#[from] SpecError),
    /// A system call or a file.
    #[error("{step}: {source}")]
    Step {
        /// What was being done.
        step: Step,
        /// The errno.
        source: std::io::Error,
    },
    /// All uids of the range are in use.
    #[error("every uid of the range is in use: there are as many environments as the spawner may have")]
    Full,
    /// No environment has egress here.
    #[error("the environment is to reach something, but environments have no egress here")]
    NoEgress,
    /// An environment of this id lives.
    #[error("an environment with this id exists")]
    Duplicate,
    /// The spawner could not be asked.
    #[error("asking the spawner: {0}")]
    Ask(std::io::Error),
    /// The spawner has ended: the platform has to restart.
    #[error("the spawner has ended; environments can't be made until the platform restarts")]
    SpawnerGone,
    /// No answer in time.
    #[error("the spawner did not answer within {0} seconds")]
    Timeout(u64),
    /// The answer made no sense.
    #[error("the spawner's answer was malformed")]
    Answer,
}

/// Attacks could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// An environment was not made.
    #[error("making an environment to attack: {0}")]
    Create(#[from] CreateError),
    /// Something outside could not be prepared.
    #[error("preparing what attacks try to reach: {0}")]
    Stage(std::io::Error),
}

impl StartError {
    /// The protection of the minimum that this machine can't give, by its name in [`crate::Protections::list`], if that is why.
    pub fn missing(&self) -> Option<&'static str> {
        let step = match self {
            Self::Unprotected(_) => return Some("landlock"),
            Self::Step { step, .. } => step,
            _ => return None,
        };
        match step {
            Step::UnshareUser
            | Step::WriteIdMap
            | Step::UnshareMounts
            | Step::MakeNursery
            | Step::MakeNetwork
            | Step::Clone3
            | Step::UnshareCgroup => Some("namespaces"),
            Step::LandlockRuleset | Step::LandlockRestrict => Some("landlock"),
            Step::SeccompInstall => Some("seccomp"),
            _ => None,
        }
    }
}

impl From<Failed> for StartError {
    fn from(failed: Failed) -> Self {
        Self::Step { step: failed.step, source: failed.errno.into() }
    }
}

impl From<Failed> for CreateError {
    fn from(failed: Failed) -> Self {
        Self::Step { step: failed.step, source: failed.errno.into() }
    }
}
