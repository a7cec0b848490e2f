//! Removes messages that have expired from queues that nobody looks at.

use queue::Queue;
use std::sync::Arc;
use std::time::Duration;

/// How often.
const PERIOD: Duration = Duration::from_secs(60);
/// Steps of one sweep: some ten thousand messages. What is left over goes in the next one.
const STEPS: usize = 40;

/// Sweeps once a minute, without end. Whatever a sweep leaves, or a failed one didn't do, the next one does.
pub async fn sweep_now_and_then(queue: Arc<Queue>) {
    loop {
        tokio::time::sleep(PERIOD).await;
        match queue.sweep(STEPS).await {
            Ok(swept) if swept.expired > 0 => tracing::debug!(swept.expired, "expired messages were removed"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "expired messages could not be removed"),
        }
    }
}
