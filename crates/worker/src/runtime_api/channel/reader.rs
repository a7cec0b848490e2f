//! The runtime's frames out of a stream of bytes.
//!
//! Invariant: what is held is what has come, never what was announced; and at most one answer of it.

use super::frame::{HEAD_BYTES, Head, Violation, Word};
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Room for one read.
const READ_BYTES: usize = 16 * 1024;
/// Room for one read inside a long payload.
const LONG_READ_BYTES: usize = 256 * 1024;
/// A payload up to here is copied out of the buffer, so that the buffer is used again.
const COPIED_BYTES: usize = 4096;

/// Reads frames.
pub(super) struct Frames<R> {
    pub(super) stream: R,
    buffer: BytesMut,
}

/// What became of a payload.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// All of it.
    Whole(Bytes),
    /// It was longer than the bound, and is gone.
    TooLarge,
    /// The channel ended before it did.
    Cut,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    /// The next frame without its payload, whose length comes with it: read or pass over that before the next call. None at
    /// the end. May be dropped and called again.
    pub(super) async fn word(&mut self) -> Result<Option<(Word, usize)>, Violation> {
        loop {
            if let Some(read) = self.buffered()? {
                return Ok(Some(read));
            }
            if !self.more(READ_BYTES).await {
                return if self.buffer.is_empty() { Ok(None) } else { Err(Violation::Cut) };
            }
        }
    }

    fn buffered(&mut self) -> Result<Option<(Word, usize)>, Violation> {
        let Some(head) = self.buffer.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let head = Head::read(*head)?;
        let end = HEAD_BYTES + head.fields;
        let Some(fields) = self.buffer.get(HEAD_BYTES..end) else { return Ok(None) };
        let word = Word::read(head.kind, fields)?;
        self.buffer.advance(end);
        Ok(Some((word, head.payload)))
    }

    /// A payload of `length` bytes, of which at most `limit` are kept.
    pub(super) async fn payload(&mut self, length: usize, limit: usize) -> Payload {
        if length > limit {
            return if self.pass_over(length).await { Payload::TooLarge } else { Payload::Cut };
        }
        while self.buffer.len() < length {
            let missing = length - self.buffer.len();
            if !self.more(missing.clamp(READ_BYTES, LONG_READ_BYTES)).await {
                return Payload::Cut;
            }
        }
        if length <= COPIED_BYTES {
            let payload = Bytes::copy_from_slice(&self.buffer[..length]);
            self.buffer.advance(length);
            return Payload::Whole(payload);
        }
        let payload = self.buffer.split_to(length).freeze();
        if self.buffer.is_empty() {
            // Lets go of the memory together with the payload.
            self.buffer = BytesMut::new();
        }
        Payload::Whole(payload)
    }

    async fn pass_over(&mut self, length: usize) -> bool {
        let mut left = length;
        loop {
            let here = left.min(self.buffer.len());
            self.buffer.advance(here);
            left -= here;
            if left == 0 {
                return true;
            }
            if !self.more(READ_BYTES).await {
                return false;
            }
        }
    }

    /// Reads once. False at the end; a broken stream has ended too.
    async fn more(&mut self, room: usize) -> bool {
        self.buffer.reserve(room);
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(1..))
    }
}
