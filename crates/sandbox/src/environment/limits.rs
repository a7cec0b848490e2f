//! Limits of the kernel's per-process kind, which hold with and without cgroups.
//!
//! Invariant: soft and hard limit are the same, so that nothing can be raised again.

use rustix::process::{Resource, Rlimit};

use super::Plan;
use crate::step::{At, Failed, Step};
use crate::weaken::Layer;

/// Most processes and threads, as the service documents for its environments.
const PROCESSES: u64 = 1024;
/// Most bytes of memory that can't be swapped out.
const LOCKED_BYTES: u64 = 64 << 10;
/// Bytes of POSIX message queues: none, the calls are refused anyway.
const QUEUE_BYTES: u64 = 0;
/// Most queued signals.
const PENDING_SIGNALS: u64 = 1024;

pub(super) fn set(plan: &Plan) -> Result<(), Failed> {
    let mut limits = vec![
        (Resource::Core, 0),
        (Resource::Nofile, u64::from(plan.limits.open_files)),
        (Resource::Memlock, LOCKED_BYTES),
        (Resource::Msgqueue, QUEUE_BYTES),
        (Resource::Sigpending, PENDING_SIGNALS),
        (Resource::Rtprio, 0),
        (Resource::Nice, 0),
    ];
    if plan.weakened.keeps(Layer::ProcessLimit) {
        // Counted per uid and user namespace, each of which is the environment's own.
        limits.push((Resource::Nproc, PROCESSES.min(plan.limits.pids.into())));
    }
    for (resource, value) in limits {
        lower(resource, value)?;
    }
    Ok(())
}

/// Never above what this process already has: a plain user could not raise it, and nobody should.
fn lower(resource: Resource, value: u64) -> Result<(), Failed> {
    let hard = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Some(value.min(hard));
    rustix::process::setrlimit(resource, Rlimit { current: limit, maximum: limit }).at(Step::SetLimits)
}
