//! Reading a request's body: bounded in bytes, in time, and in what all requests together may hold.

use crate::budget::{Budget, Share};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a client may pause between two pieces of its body, and how long it may take over its first bytes.
const PAUSE: Duration = Duration::from_secs(30);
/// A client that sends less than this in a second, on the whole, is not sending in earnest.
const BYTES_PER_SECOND: usize = 16 << 10;
/// Bodies up to this size need no share of the budget: the number of connections bounds them.
const FREE_BYTES: usize = 64 << 10;
/// By how much a body's share grows.
const STEP_BYTES: usize = 1 << 20;
/// Of a body that nobody wants: so that the client has sent it and reads the answer.
const DISCARDED_BYTES: usize = 128 << 20;
/// The same for a client whose access key is not known.
const DISCARDED_BYTES_OF_STRANGERS: usize = 1 << 20;
/// How long an unwanted body may take.
const DISCARDED_TIME: Duration = Duration::from_secs(10);

/// A body that was read whole, with its share of the budget.
pub(crate) struct Whole {
    pub(crate) bytes: Bytes,
    _share: Share,
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than the operation allows.
    TooLarge,
    /// The client was too slow, or broke off.
    Broken,
    /// Other requests hold all the room.
    Busy,
}

/// Who sent a body that nobody wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Known,
    Stranger,
}

/// Reads a body of at most `limit` bytes. What is left of a longer one is discarded.
pub(crate) async fn read(
    mut body: Incoming,
    headers: &HeaderMap,
    limit: usize,
    budget: &Budget,
) -> Result<Whole, Unread> {
    let read = whole(&mut body, limit, budget).await;
    if read.is_err() {
        discard(body, headers, Sender::Known);
    }
    read
}

async fn whole(body: &mut Incoming, limit: usize, budget: &Budget) -> Result<Whole, Unread> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge);
    }
    let mut pieces = Pieces {
        body,
        limit,
        received: 0,
        room: FREE_BYTES,
        share: Share::none(),
        due: Instant::now() + PAUSE,
    };
    let first = pieces.next(budget).await?.unwrap_or_default();
    if pieces.body.is_end_stream() {
        return Ok(Whole { bytes: first, _share: pieces.share });
    }
    let announced = pieces.body.size_hint().lower().min(STEP_BYTES as u64) as usize;
    let mut whole = BytesMut::with_capacity(first.len() + announced);
    whole.extend_from_slice(&first);
    while let Some(piece) = pieces.next(budget).await? {
        whole.extend_from_slice(&piece);
    }
    Ok(Whole { bytes: whole.freeze(), _share: pieces.share })
}

/// A body piece by piece, under all its bounds.
struct Pieces<'b> {
    body: &'b mut Incoming,
    limit: usize,
    received: usize,
    /// Bytes that may be received before the share must grow.
    room: usize,
    share: Share,
    /// When the next piece must be there: moves with every byte that comes.
    due: Instant,
}

impl Pieces<'_> {
    async fn next(&mut self, budget: &Budget) -> Result<Option<Bytes>, Unread> {
        loop {
            let patience = PAUSE.min(self.due.saturating_duration_since(Instant::now()));
            let frame = timeout(patience, self.body.frame()).await.map_err(|_| Unread::Broken)?;
            let Some(frame) = frame else { return Ok(None) };
            if let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() {
                self.account(data.len(), budget).await?;
                return Ok(Some(data));
            }
        }
    }

    async fn account(&mut self, bytes: usize, budget: &Budget) -> Result<(), Unread> {
        self.received += bytes;
        if self.received > self.limit {
            return Err(Unread::TooLarge);
        }
        self.due += Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND as f64);
        if self.received > self.room {
            let before = Instant::now();
            let wanted = STEP_BYTES.min(self.limit - self.room).max(self.received - self.room);
            budget.extend(&mut self.share, wanted).await.ok_or(Unread::Busy)?;
            self.room += wanted;
            self.due += before.elapsed();
        }
        Ok(())
    }
}

/// Reads on, for a while, what nobody wants: a connection that is closed while its client still sends takes the answer
/// with it. A client that asked for leave to send gets the answer instead of leave.
pub(crate) fn discard(mut body: Incoming, headers: &HeaderMap, sender: Sender) {
    if body.is_end_stream() || headers.contains_key("expect") {
        return;
    }
    let mut left = match sender {
        Sender::Known => DISCARDED_BYTES,
        Sender::Stranger => DISCARDED_BYTES_OF_STRANGERS,
    };
    tokio::spawn(timeout(DISCARDED_TIME, async move {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }));
}
