//! Limits of the kernel's per-process kind, which hold with and without cgroups.
//!
//! Invariant: soft and hard limit are the same, so that nothing can be raised again.

use std::path::Path;

use rustix::process::{Resource, Rlimit};

use super::{Plan, write_once};
use crate::step::{At, Failed, Step};
use crate::weaken::Layer;

/// Core files: none. Zero would still start the program that a host's `core_pattern` names, as root, with data from here; the
/// kernel takes one byte as "no such program either". The system call filter keeps it from being lowered to zero.
const CORE_BYTES: u64 = 1;
/// How much sooner than other processes an environment's are killed when the host, not the environment, is short of memory.
const OOM_SCORE_ADJUSTMENT: &str = "500";
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
        (Resource::Core, CORE_BYTES),
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
    // The platform's allocator keeps huge pages out of its own process, and the setting is inherited; a function has the
    // host's.
    rustix::thread::disable_transparent_huge_pages(false).at(Step::SetLimits)
}

/// Written while the host's /proc is still there.
pub(super) fn prefer_as_victim() -> Result<(), Failed> {
    write_once(Path::new("/proc/self/oom_score_adj"), OOM_SCORE_ADJUSTMENT).at(Step::OomScore)
}

/// Never above what this process already has: a plain user could not raise it, and nobody should.
fn lower(resource: Resource, value: u64) -> Result<(), Failed> {
    let hard = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Some(value.min(hard));
    rustix::process::setrlimit(resource, Rlimit { current: limit, maximum: limit }).at(Step::SetLimits)
}
