//! The worker's own bounds.

use crate::Resolver;
use std::time::Duration;

/// What an operator may configure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Environments alive at the same time. One account leaves an eighth of them to others, and of the committed memory too.
    pub max_environments: usize,
    /// EphemeralStorage that a function may have, in MB.
    pub max_ephemeral_storage_mb: u32,
    /// MemorySize and EphemeralStorage of all living environments together, in MB. They are limits, not reservations: a host
    /// whose functions stay below theirs may be given more than it has.
    pub max_committed_mb: u32,
    /// Extracted code trees together, in bytes. At most the size of the staging area.
    pub staging_bytes: u64,
    /// What a function may print per second, in bytes, in each of its environments; ten times that at once.
    pub log_bytes_per_second: u32,
    /// How long an initialisation may take. The service's value is 10 s.
    pub init_timeout: Duration,
    /// Who answers for names to environments that have egress. Without it they are told that there are none.
    pub resolver: Option<Resolver>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_environments: 1200,
            max_ephemeral_storage_mb: 2048,
            max_committed_mb: 1 << 20,
            staging_bytes: 2 << 30,
            log_bytes_per_second: 4 << 20,
            init_timeout: Duration::from_secs(10),
            resolver: None,
        }
    }
}
