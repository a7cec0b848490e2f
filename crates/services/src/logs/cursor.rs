//! Reading one stream's events in order, a few chunks at a time.

use super::place::{Chunks, Gap};
use super::records::{Chunk, Event};
use std::collections::VecDeque;
use store::{Key, Store, StoreError, Stored};

/// Chunks that one read of the store brings. A chunk has about 128 KB of text at most, unless it is a single line.
const READ: usize = 4;

/// Goes through a stream from a gap on, to later events.
pub(super) struct Forward {
    chunks: Chunks,
    seen: Seen,
    events: VecDeque<Event>,
    held: usize,
    read: usize,
}

/// How far the store was read.
enum Seen {
    /// Not at all: from this gap on.
    Nothing(Gap),
    /// To this chunk, which is behind; `None`: nothing is before.
    To(Option<Key>),
    /// To the end.
    All,
}

impl Forward {
    /// From `gap` on.
    pub(super) fn from(chunks: Chunks, gap: Gap) -> Self {
        Self { chunks, seen: Seen::Nothing(gap), events: VecDeque::new(), held: 0, read: 0 }
    }

    /// The next event, which stays; `None` at the end.
    pub(super) async fn peek(&mut self, store: &Store) -> Result<Option<&Event>, StoreError> {
        while self.events.is_empty() && !matches!(self.seen, Seen::All) {
            self.read_on(store).await?;
        }
        Ok(self.events.front())
    }

    /// Takes the event that [`Forward::peek`] showed.
    pub(super) fn take(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() {
            self.held = 0;
        }
        event
    }

    /// Lets go of what was read ahead; it is read again when it is needed.
    pub(super) fn forget(&mut self) {
        if let Some(next) = self.events.front() {
            self.seen = Seen::Nothing(Gap { at: next.at, number: next.number });
            self.events = VecDeque::new();
            self.held = 0;
        }
    }

    /// What was read ahead, in bytes.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// What was read in all, in bytes.
    pub(super) fn read(&self) -> usize {
        self.read
    }

    async fn read_on(&mut self, store: &Store) -> Result<(), StoreError> {
        let all = self.chunks.all()?;
        let after = match &self.seen {
            Seen::All => return Ok(()),
            Seen::To(key) => key.clone(),
            Seen::Nothing(gap) => {
                // The chunk that begins before the gap may end behind it.
                let gap = *gap;
                let before = store.scan_reverse::<Chunk>(&all, Some(&self.chunks.at(gap)?), 1).await?;
                let key = before.into_iter().next().map(|stored| {
                    let key = stored.key.clone();
                    self.add(stored, gap);
                    key
                });
                self.seen = Seen::To(key);
                return Ok(());
            }
        };
        let read = store.scan::<Chunk>(&all, after.as_ref(), READ).await?;
        self.seen = match read.last() {
            Some(last) if read.len() == READ => Seen::To(Some(last.key.clone())),
            _ => Seen::All,
        };
        for stored in read {
            self.add(stored, Gap::before(0));
        }
        Ok(())
    }

    fn add(&mut self, stored: Stored<Chunk>, from: Gap) {
        self.held += stored.value.bytes();
        self.read += stored.value.bytes();
        let events = stored.value.events();
        self.events.extend(events.filter(|e| Gap { at: e.at, number: e.number } >= from));
    }
}

/// Goes through a stream from a gap back, to earlier events.
pub(super) struct Backward {
    chunks: Chunks,
    gap: Gap,
    /// The chunk that was read last; `None`: nothing was read yet.
    seen: Option<Key>,
    ended: bool,
    events: VecDeque<Event>,
}

impl Backward {
    /// From `gap` back.
    pub(super) fn from(chunks: Chunks, gap: Gap) -> Self {
        Self { chunks, gap, seen: None, ended: false, events: VecDeque::new() }
    }

    /// The next earlier event, which stays; `None` at the beginning.
    pub(super) async fn peek(&mut self, store: &Store) -> Result<Option<&Event>, StoreError> {
        while self.events.is_empty() && !self.ended {
            self.read(store).await?;
        }
        Ok(self.events.front())
    }

    /// Takes the event that [`Backward::peek`] showed.
    pub(super) fn take(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    async fn read(&mut self, store: &Store) -> Result<(), StoreError> {
        let before = match &self.seen {
            Some(key) => key.clone(),
            None => self.chunks.at(self.gap)?,
        };
        let read = store.scan_reverse::<Chunk>(&self.chunks.all()?, Some(&before), READ).await?;
        self.ended = read.len() < READ;
        for stored in read {
            let events = stored.value.events().rev();
            self.events.extend(events.filter(|e| Gap { at: e.at, number: e.number } < self.gap));
            self.seen = Some(stored.key);
        }
        Ok(())
    }
}
