//! Brings lines to the sink in batches, away from every invocation's path.

use super::capture::Capture;
use std::sync::Arc;
use std::time::Duration;
use telemetry::LogSink;

/// How long lines wait for company.
const LINGER: Duration = Duration::from_millis(20);

/// Ships until the capture is closed and empty.
pub(crate) async fn ship(capture: Arc<Capture>, sink: Arc<dyn LogSink>) {
    loop {
        capture.filled.notified().await;
        tokio::select! {
            () = tokio::time::sleep(LINGER) => {}
            () = capture.urgent.notified() => {}
        }
        let (batch, open) = capture.take().await;
        if let Some(batch) = batch {
            sink.accept(batch).await;
        }
        if !open {
            return;
        }
    }
}
