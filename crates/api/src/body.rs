//! Reading a request's body: bounded in bytes, in time, and in what all requests together may hold.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a client may pause between two pieces of its body.
const PAUSE: Duration = Duration::from_secs(30);
/// Bodies up to this size need no share of the budget: the number of connections bounds them.
const FREE_BYTES: usize = 64 << 10;

/// What all bodies together may hold in memory, in KiB.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes >> 10)))
    }

    /// Waits for room; a client that goes away while waiting leaves the queue.
    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        Arc::clone(&self.0).acquire_many_owned(kib).await.ok()
    }
}

/// A body that was read whole, with its share of the budget.
pub(crate) struct Whole {
    pub(crate) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

/// Why a body could not be read.
pub(crate) enum Unread {
    /// It is longer than the operation allows.
    TooLarge,
    /// The client paused for too long, or broke off.
    Broken,
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(mut body: Incoming, limit: usize, budget: &Budget) -> Result<Whole, Unread> {
    let hint = body.size_hint();
    let announced = usize::try_from(hint.lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Unread::TooLarge);
    }
    let most = hint.upper().and_then(|u| usize::try_from(u).ok()).unwrap_or(limit);
    let share = if most > FREE_BYTES { budget.take(most.min(limit)).await } else { None };
    let first = next(&mut body).await?.unwrap_or_default();
    if first.len() > limit {
        return Err(Unread::TooLarge);
    }
    if body.is_end_stream() {
        return Ok(Whole { bytes: first, _share: share });
    }
    let mut whole = BytesMut::with_capacity(announced.max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(piece) = next(&mut body).await? {
        if whole.len() + piece.len() > limit {
            return Err(Unread::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Whole { bytes: whole.freeze(), _share: share })
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Unread> {
    loop {
        let frame = timeout(PAUSE, body.frame()).await.map_err(|_| Unread::Broken)?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Unread::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
