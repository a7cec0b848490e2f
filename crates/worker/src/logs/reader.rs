//! Reads a runtime's output as it comes.
//!
//! A function that prints a little at each invocation doesn't wake this task each time: what is in the pipe at the end of an
//! invocation is read there, and this task looks a millisecond after the first sign of output. One that prints much is read
//! without that pause, because its pipe is soon full.

use super::capture::{Capture, Pumped};
use crate::readiness::waitable;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a little output waits for more.
const PATIENCE: Duration = Duration::from_millis(1);
/// How much output within how long is much: a quarter of a pipe.
const MUCH_BYTES: usize = 16 * 1024;
const WINDOW: Duration = Duration::from_millis(10);

/// Moves what comes out of `pipe` into the capture until the pipe's other end is closed.
///
/// # Errors
/// Where the pipe can't be waited for.
pub(crate) async fn read_output(capture: Arc<Capture>, pipe: Arc<OwnedFd>) -> io::Result<()> {
    let pipe = waitable(pipe)?;
    let mut pace = Pace { since: Instant::now(), bytes: 0, hurried: false };
    loop {
        let mut ready = pipe.readable().await?;
        if !pace.hurries(Instant::now()) {
            tokio::time::sleep(PATIENCE).await;
        }
        match capture.pump() {
            Pumped::Some(bytes) => {
                pace.took(bytes);
                tokio::task::consume_budget().await;
            }
            // A flood is thrown away no faster than this, so that it costs the platform little.
            Pumped::Cut => tokio::time::sleep(PATIENCE).await,
            Pumped::Nothing => ready.clear_ready(),
            Pumped::Ended => return Ok(()),
            Pumped::Full => capture.soft_room().await,
        }
    }
}

/// How fast output comes.
struct Pace {
    since: Instant,
    bytes: usize,
    hurried: bool,
}

impl Pace {
    fn took(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.hurried |= self.bytes >= MUCH_BYTES;
    }

    /// Whether to read without a pause: for as long as each window brings much.
    fn hurries(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            self.hurried = self.bytes >= MUCH_BYTES;
            (self.since, self.bytes) = (now, 0);
        }
        self.hurried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_read_without_a_pause_until_it_ebbs() {
        let start = Instant::now();
        let mut pace = Pace { since: start, bytes: 0, hurried: false };
        pace.took(100);
        assert!(!pace.hurries(start));
        pace.took(MUCH_BYTES);
        assert!(pace.hurries(start));
        assert!(pace.hurries(start + WINDOW), "the window that ended brought much");
        pace.took(100);
        assert!(!pace.hurries(start + 2 * WINDOW));
    }
}
