//! Open files: each environment needs some twenty descriptors, and the usual soft limit is made for programs that use
//! `select`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that one environment needs in the platform, its invocation's caller included.
const PER_ENVIRONMENT: u64 = 20;

/// Raises the soft limit to the hard one, and tells when even that is too low for this many environments.
pub(super) fn raise(environments: u32) {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let needed = u64::from(environments) * PER_ENVIRONMENT;
    if let Some(most) = getrlimit(Resource::Nofile).current
        && most < needed
    {
        tracing::warn!(
            most,
            needed,
            "worker.max_environments environments need more open files than this process may have"
        );
    }
}
