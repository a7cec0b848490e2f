//! The system's clock, random generator and memory: the only place that reads them.

mod random;

pub(crate) use random::SystemRandom;

use std::time::{SystemTime, UNIX_EPOCH};
use types::{Clock, Timestamp};

/// The host's wall clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one implementation of the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// How often the memory limits of environments together may exceed the host's memory: most functions stay far below theirs.
const OVERCOMMIT: u32 = 32;

/// Most of what the host has, in bytes: the rest is the platform's and the host's own.
pub(crate) fn memory_for_environments() -> u64 {
    let memory = rustix::system::sysinfo();
    let bytes = memory.totalram.saturating_mul(u64::from(memory.mem_unit));
    (bytes / 8 * 7).max(256 << 20)
}

/// What the limits of all environments together may be on this host, in MB.
pub(crate) fn committable_mb() -> u32 {
    let memory = rustix::system::sysinfo();
    let bytes = memory.totalram.saturating_mul(u64::from(memory.mem_unit));
    u32::try_from(bytes >> 20).unwrap_or(u32::MAX).saturating_mul(OVERCOMMIT).max(16 << 10)
}
