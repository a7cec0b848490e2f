//! Why an environment can't be started.

use crate::{CodeError, CodeId, IsolationError};
use package::PackageError;
use types::RuntimeName;

/// One variant per cause. None of them is the function's doing except a package that can't be extracted.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The worker is at its limit of environments.
    #[error("this worker runs {limit} environments already, which is its limit (worker.max_environments)")]
    Full {
        /// The limit.
        limit: usize,
    },
    /// The environments' limits together would exceed what the worker may hand out.
    #[error(
        "the environments of this worker have no {asked} MB left of the {limit} MB that their memory and /tmp may be together"
    )]
    Committed {
        /// What the function has, memory and /tmp, in MB.
        asked: u32,
        /// What the worker may hand out, in MB.
        limit: u32,
    },
    /// The account has all that one may have of the worker's environments, or of the memory that they may be promised.
    #[error(
        "this account has {environments} environments of {mb} MB, which is all that one may have of this worker"
    )]
    AccountFull {
        /// Environments that it has.
        environments: u32,
        /// Their memory and /tmp together, in MB.
        mb: u32,
    },
    /// The worker is being shut down.
    #[error("this worker is shutting down")]
    ShuttingDown,
    /// No such runtime is installed here.
    #[error("the runtime {0} is not installed on this worker (see `lambent runtimes`)")]
    UnknownRuntime(RuntimeName),
    /// /tmp is larger than this worker allows.
    #[error(
        "EphemeralStorage of {asked} MB is above this worker's worker.max_ephemeral_storage of {limit} MB"
    )]
    EphemeralStorage {
        /// What the function has, in MB.
        asked: u32,
        /// The limit in MB.
        limit: u32,
    },
    /// The code source failed.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The code source handed out something else than was asked for.
    #[error("the code package is not the one with digest {0}")]
    WrongCode(CodeId),
    /// The package breaks a rule. It was checked when it was uploaded, so this is a defect or a damaged store.
    #[error("the code package can't be extracted: {0}")]
    Package(#[from] PackageError),
    /// The staging area is too small for the trees that are in use, or the account's share of it for its own.
    #[error("the staging area has {free} bytes free, too few for this code package (worker.staging_mb)")]
    StagingFull {
        /// What is left beside the trees in use, for this account.
        free: u64,
    },
    /// The staging area failed.
    #[error("the staging area failed: {0}")]
    Staging(#[source] std::io::Error),
    /// The isolation failed.
    #[error(transparent)]
    Isolation(#[from] IsolationError),
    /// A descriptor of the new environment could not be used.
    #[error("the new environment's descriptors can't be used: {0}")]
    Descriptors(#[source] std::io::Error),
    /// A task of the worker ended by panic. A defect.
    #[error("a task of the worker died")]
    TaskDied,
}
