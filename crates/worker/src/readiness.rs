//! Waiting for descriptors that the isolation handed over.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor that can be waited for. Shared, because the log's pipe is read from two places.
pub(crate) type Waitable = AsyncFd<Arc<OwnedFd>>;

/// Registers a descriptor for reading with the runtime's event loop.
///
/// # Errors
/// Where the kernel can't wait for it.
#[expect(
    deprecated,
    reason = "the successor is unsafe because it takes anything that has a number; an OwnedFd behind an Arc, which stays open \
              and the same as long as the registration lives, fulfils its contract, and this crate forbids unsafe code"
)]
pub(crate) fn waitable(fd: Arc<OwnedFd>) -> io::Result<Waitable> {
    AsyncFd::with_interest(fd, Interest::READABLE)
}
