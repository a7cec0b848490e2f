//! Reads a runtime's output as it comes.

use super::capture::{Capture, Pumped};
use crate::readiness::waitable;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Moves what comes out of `pipe` into the capture until the pipe's other end is closed.
///
/// # Errors
/// Where the pipe can't be waited for.
pub(crate) async fn read_output(capture: Arc<Capture>, pipe: Arc<OwnedFd>) -> io::Result<()> {
    let pipe = waitable(pipe)?;
    loop {
        let mut ready = pipe.readable().await?;
        match capture.pump() {
            Pumped::Some(_) => tokio::task::consume_budget().await,
            Pumped::Nothing => ready.clear_ready(),
            Pumped::Ended => return Ok(()),
            Pumped::Full => capture.soft_room().await,
        }
    }
}
