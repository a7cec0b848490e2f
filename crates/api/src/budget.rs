//! What the bodies of all requests, and the packages of all downloads, may hold in memory together.
//!
//! Invariant: room is taken as bytes arrive, never for what a client only announces: a client that stalls holds what it
//! sent and no more. Requests that wait for each other give up after a while, so that they can't block each other for
//! good.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use types::limits::CODE_REQUEST_BYTES;

/// How long a request waits for room.
const WAIT: Duration = Duration::from_secs(10);

/// Room for bytes, in KiB.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// A part of the room, given back when dropped.
pub(crate) struct Share(Option<OwnedSemaphorePermit>);

impl Budget {
    /// At least the largest request fits, whatever was configured.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.max(CODE_REQUEST_BYTES).div_ceil(1024))))
    }

    /// More room for `share`; `None` when there is none for too long.
    pub(crate) async fn extend(&self, share: &mut Share, bytes: usize) -> Option<()> {
        let kib = u32::try_from(bytes.div_ceil(1024)).ok()?;
        let permit = timeout(WAIT, Arc::clone(&self.0).acquire_many_owned(kib)).await.ok()?.ok()?;
        match &mut share.0 {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        Some(())
    }
}

impl Share {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Gives back all but the room for `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if let Some(held) = &mut self.0 {
            let surplus = held.num_permits().saturating_sub(bytes.div_ceil(1024));
            drop(held.split(surplus));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_gives_up() {
        let budget = Budget::new(0);
        let mut first = Share::none();
        budget.extend(&mut first, CODE_REQUEST_BYTES).await.unwrap();
        let mut second = Share::none();
        assert!(budget.extend(&mut second, 1).await.is_none());
        first.shrink(CODE_REQUEST_BYTES - 2048);
        assert!(budget.extend(&mut second, 1024).await.is_some());
        drop(first);
        assert!(budget.extend(&mut second, CODE_REQUEST_BYTES - 4096).await.is_some());
    }
}
