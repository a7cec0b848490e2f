//! What a test may choose about its platform.

use std::time::Duration;

/// When functions become active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activate {
    /// As in the real platform: at once, in the background.
    InBackground,
    /// Only after the test calls for it: functions stay Pending, updates InProgress.
    OnDemand,
}

/// When code that nothing refers to any more is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collect {
    /// Only when the test calls for it, so that it can count what is there.
    OnDemand,
    /// As in the real platform: in the background.
    InBackground,
}

/// The choices.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Concurrent invocations of an account.
    pub account_concurrency: u32,
    /// Environments that the worker has room for.
    pub max_environments: usize,
    /// Memory and /tmp of all environments together, in MB.
    pub max_committed_mb: u32,
    /// How long an environment may be idle.
    pub idle: Duration,
    /// How old an environment may become.
    pub environment_age: Duration,
    /// When functions become active.
    pub activate: Activate,
    /// When code that is no longer used is removed.
    pub collect: Collect,
    /// What randomness starts from.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            account_concurrency: 1000,
            max_environments: 100,
            max_committed_mb: 1 << 20,
            idle: Duration::from_secs(600),
            environment_age: Duration::from_secs(5 * 3600),
            activate: Activate::InBackground,
            collect: Collect::OnDemand,
            seed: 1,
        }
    }
}
