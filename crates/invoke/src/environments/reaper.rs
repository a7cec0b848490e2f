//! The worker in the background that ends environments nobody has used for a while.

use crate::DataPlane;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The greatest time between two rounds.
const PERIOD: Duration = Duration::from_secs(10);

/// Ends idle environments.
pub struct Reaper {
    plane: Arc<DataPlane>,
    idle: Duration,
}

impl Reaper {
    /// A reaper that lets environments be idle for this long.
    pub fn new(plane: Arc<DataPlane>, idle: Duration) -> Self {
        Self { plane, idle }
    }

    /// Works until the future is dropped.
    pub async fn run(self) {
        let mut period = tokio::time::interval(PERIOD.min(self.idle.max(Duration::from_millis(100))));
        loop {
            period.tick().await;
            self.plane.reap(self.idle, Instant::now());
        }
    }
}
