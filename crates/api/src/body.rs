//! Reading a request's body: bounded in bytes, in time, and in what all requests together may hold.

use crate::budget::{Purse, Share};
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
    /// Other requests hold all the room, or those of the same account all of its own.
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
    budget: &Purse<'_>,
) -> Result<Whole, Unread> {
    let read = whole(&mut body, limit, budget).await;
    if read.is_err() {
        discard(body, headers, Sender::Known);
    }
    read
}

async fn whole<B>(body: &mut B, limit: usize, budget: &Purse<'_>) -> Result<Whole, Unread>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge);
    }
    let mut pieces = Pieces {
        body,
        limit,
        received: 0,
        room: FREE_BYTES,
        share: Share::default(),
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
struct Pieces<'b, B> {
    body: &'b mut B,
    limit: usize,
    received: usize,
    /// Bytes that may be received before the share must grow.
    room: usize,
    share: Share,
    /// When the next piece must be there: moves with every byte that comes.
    due: Instant,
}

impl<B: Body<Data = Bytes> + Unpin> Pieces<'_, B> {
    async fn next(&mut self, budget: &Purse<'_>) -> Result<Option<Bytes>, Unread> {
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

    async fn account(&mut self, bytes: usize, budget: &Purse<'_>) -> Result<(), Unread> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};
    use tokio::time::{Interval, interval};
    use types::AccountId;

    /// So many bytes at every tick, until so many were sent.
    struct Trickle {
        ticks: Interval,
        piece: usize,
        left: usize,
    }

    impl Trickle {
        fn new(every: Duration, piece: usize, left: usize) -> Self {
            Self { ticks: interval(every), piece, left }
        }
    }

    impl Body for Trickle {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.ticks.poll_tick(context));
            let piece = self.piece.min(self.left);
            self.left -= piece;
            Poll::Ready((piece > 0).then(|| Ok(Frame::data(Bytes::from(vec![b'x'; piece])))))
        }
    }

    /// The least room, of an account that has all of it.
    fn nobodys() -> Budget {
        Budget::new(0)
    }

    const SECOND: Duration = Duration::from_secs(1);

    async fn read(mut body: Trickle, limit: usize) -> (Result<usize, Unread>, Duration) {
        let begun = Instant::now();
        let read = whole(&mut body, limit, &nobodys().of(AccountId::FIRST)).await;
        (read.map(|whole| whole.bytes.len()), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_only_drips_is_given_up_soon() {
        let (read, took) = read(Trickle::new(20 * SECOND, 1, 1000), 1000).await;
        assert_eq!(read, Err(Unread::Broken));
        assert!(took < 31 * SECOND, "{took:?}");
        let (read, took) = self::read(Trickle::new(SECOND, 8 << 10, 4 << 20), 4 << 20).await;
        assert_eq!(read, Err(Unread::Broken), "half the least rate");
        assert!(took < 70 * SECOND, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_but_earnest_client_may_take_minutes() {
        let (read, took) = read(Trickle::new(SECOND, 20 << 10, 6 << 20), 6 << 20).await;
        assert_eq!(read, Ok(6 << 20));
        assert!(took > 300 * SECOND, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_cut_at_its_limit_wherever_the_pieces_end() {
        for piece in [1, 7, 1000, 1001, 70_000] {
            let exact = read(Trickle::new(Duration::from_millis(1), piece, 1000), 1000).await.0;
            assert_eq!(exact, Ok(1000), "{piece}");
            let over = read(Trickle::new(Duration::from_millis(1), piece, 1001), 1000).await.0;
            assert_eq!(over, Err(Unread::TooLarge), "{piece}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_is_told_so_and_leaves_none_behind() {
        let all_room = nobodys();
        let budget = all_room.of(AccountId::FIRST);
        let mut all = Share::default();
        budget.extend(&mut all, types::limits::CODE_REQUEST_BYTES).await.unwrap();
        let fast = || Trickle::new(Duration::from_millis(1), 60 << 10, 1 << 20);
        assert!(matches!(whole(&mut fast(), 1 << 20, &budget).await, Err(Unread::Busy)));
        drop(all);
        for _ in 0..200 {
            assert!(whole(&mut fast(), 1 << 20, &budget).await.is_ok());
        }
    }
}
