//! Sealing and opening blobs in segments, so that neither side holds more than one segment in memory.
//!
//! The segments are numbered and the last one says that it is the last (the STREAM construction): a blob that was cut,
//! extended, or whose segments were exchanged, within it or with another blob's, does not open.

use crate::SealError;
use crate::header::{Binding, HEADER_BYTES, Header, NONCE_BYTES, PART_OVERHEAD, Position, TAG_BYTES};
use crate::keys::DataKey;
use std::io::{self, Read, Write};

/// Bytes of plain text in each segment but the last.
pub const SEGMENT_BYTES: usize = 256 << 10;

const SEALED_SEGMENT_BYTES: usize = SEGMENT_BYTES + PART_OVERHEAD;

/// How long a blob is when it is opened, by the length that it has sealed; `None` where no blob has that length.
pub fn opened_len(sealed: u64) -> Option<u64> {
    let segments = sealed.checked_sub(HEADER_BYTES as u64)?;
    let count = segments.div_ceil(SEALED_SEGMENT_BYTES as u64);
    let plain = segments.checked_sub(count * PART_OVERHEAD as u64)?;
    (count > 0).then_some(plain)
}

/// Seals what is written to it. Nothing of a blob is complete before [`Writer::finish`].
pub struct Writer<W> {
    key: DataKey,
    header: Option<Header>,
    binding: Binding,
    number: u64,
    /// Room for a nonce, then the plain text of the segment that is being filled.
    segment: Vec<u8>,
    out: W,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(key: DataKey, header: Header, binding: Binding, out: W) -> Self {
        Self { key, header: Some(header), binding, number: 0, segment: vec![0; NONCE_BYTES], out }
    }

    /// Writes the last segment and gives back what was written to. It is not flushed to a disk.
    ///
    /// # Errors
    /// An error of the underlying writer, or one that carries a [`SealError`].
    pub fn finish(mut self) -> io::Result<W> {
        self.emit(Position::Last)?;
        Ok(self.out)
    }

    fn room(&self) -> usize {
        NONCE_BYTES + SEGMENT_BYTES - self.segment.len()
    }

    fn emit(&mut self, position: Position) -> io::Result<()> {
        if let Some(header) = self.header.take() {
            self.out.write_all(header.bytes())?;
        }
        self.segment.extend_from_slice(&[0; TAG_BYTES]);
        self.binding.seal(&self.key, self.number, position, &mut self.segment)?;
        self.out.write_all(&self.segment)?;
        self.segment.truncate(NONCE_BYTES);
        self.number = self.number.checked_add(1).ok_or(SealError::TooLong)?;
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        // A full segment is written only when more comes: it might be the last.
        if self.room() == 0 {
            self.emit(Position::More)?;
        }
        let taken = bytes.len().min(self.room());
        if self.segment.capacity() < NONCE_BYTES + taken {
            let whole = SEALED_SEGMENT_BYTES.min(NONCE_BYTES + TAG_BYTES + bytes.len());
            self.segment.reserve_exact(whole - self.segment.len().min(whole));
        }
        self.segment.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens a sealed blob; made by [`crate::Sealer::reader`].
pub struct Reader<R> {
    key: DataKey,
    binding: Binding,
    number: u64,
    /// One sealed segment and, where it is not the last, the first byte of the next.
    buffer: Vec<u8>,
    /// The opened bytes of `buffer` that were not handed out yet.
    opened: std::ops::Range<usize>,
    next: Option<u8>,
    state: State,
    from: R,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    More,
    Done,
    Failed,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(key: DataKey, binding: Binding, from: R) -> Self {
        let (buffer, opened) = (Vec::new(), 0..0);
        Self { key, binding, number: 0, buffer, opened, next: None, state: State::More, from }
    }

    /// Reads and opens the next segment. Whether it is the last is known by whether a byte follows it.
    fn advance(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.extend(self.next.take());
        let wanted = SEALED_SEGMENT_BYTES + 1 - self.buffer.len();
        self.from.by_ref().take(wanted as u64).read_to_end(&mut self.buffer)?;
        let position = if self.buffer.len() > SEALED_SEGMENT_BYTES { Position::More } else { Position::Last };
        if position == Position::More {
            self.next = self.buffer.pop();
        }
        let opened = self.binding.open(&self.key, self.number, position, &mut self.buffer)?.len();
        self.opened = NONCE_BYTES..NONCE_BYTES + opened;
        self.number = self.number.checked_add(1).ok_or(SealError::TooLong)?;
        self.state = if position == Position::Last { State::Done } else { State::More };
        Ok(())
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.opened.is_empty() && !into.is_empty() {
            match self.state {
                State::Done => return Ok(0),
                State::Failed => return Err(SealError::Tampered.into()),
                State::More => {
                    self.state = State::Failed;
                    self.advance()?;
                }
            }
        }
        let count = into.len().min(self.opened.len());
        into[..count].copy_from_slice(&self.buffer[self.opened.start..self.opened.start + count]);
        self.opened.start += count;
        Ok(count)
    }
}
