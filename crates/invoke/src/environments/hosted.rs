//! An environment, and what ends with it.

use crate::environments::role::RoleSession;
use std::time::Duration;
use tokio::time::Instant;
use worker::Environment;

/// An environment that the data plane holds.
pub(crate) struct Hosted {
    environment: Environment,
    started: Instant,
    /// The role's, for this environment alone.
    _session: RoleSession,
}

impl Hosted {
    /// An environment whose session was made at `started`.
    pub(crate) fn new(environment: Environment, started: Instant, session: RoleSession) -> Self {
        Self { environment, started, _session: session }
    }

    /// The environment itself.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether it may get another invocation: alive, and younger than `age`.
    pub(crate) fn is_fit(&self, age: Duration) -> bool {
        self.started.elapsed() < age && self.environment.is_reusable()
    }

    /// Ends it, and waits until nothing of it is left.
    pub(crate) async fn shutdown(self) {
        self.environment.shutdown().await;
    }
}
