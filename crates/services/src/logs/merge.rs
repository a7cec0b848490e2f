//! The events of several streams in the order of their times.
//!
//! A stream is opened when its turn may have come, so that streams that follow each other are not open together. Of each
//! open stream a few chunks are held.
//!
//! Invariant: what is held stays near a bound: beyond it the streams whose turns come last let go of what they hold and
//! read it again later.

use super::cursor::Forward;
use super::place::{Chunks, Gap};
use super::records::{Event, StreamRecord};
use super::token::Place;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use store::{Store, StoreError};
use types::AccountId;

/// A stream to be read.
pub(super) struct Source {
    name: Arc<str>,
    ordinal: u64,
    chunks: Chunks,
    gap: Gap,
    first_event: i64,
}

impl Source {
    /// A stream from its beginning.
    pub(super) fn new(account: AccountId, group: &str, name: &str, record: &StreamRecord) -> Self {
        Self {
            name: name.into(),
            ordinal: record.ordinal,
            chunks: Chunks::of(account, group, name),
            gap: Gap::before(0),
            first_event: record.first_event,
        }
    }

    /// The same from `start` on, and behind the event at `after` in the merged order.
    pub(super) fn behind(mut self, start: i64, after: Option<Place>) -> Self {
        let behind = after.map(|after| match self.ordinal.cmp(&after.ordinal) {
            std::cmp::Ordering::Less => Gap::before(after.at + 1),
            std::cmp::Ordering::Equal => Gap { at: after.at, number: after.number + 1 },
            std::cmp::Ordering::Greater => Gap::before(after.at),
        });
        self.gap = behind.map_or(Gap::before(start), |gap| gap.max(Gap::before(start)));
        self
    }

    /// No event of it that is still to be read is earlier.
    pub(super) fn earliest(&self) -> i64 {
        self.gap.at.max(self.first_event)
    }
}

/// An event with its stream and its place in the merged order.
pub(super) struct Found {
    pub(super) stream: Arc<str>,
    pub(super) place: Place,
    pub(super) event: Event,
}

struct Open {
    name: Arc<str>,
    ordinal: u64,
    cursor: Forward,
}

/// Goes through several streams at once.
pub(super) struct Merge<'a> {
    store: &'a Store,
    /// The streams that aren't open yet, the earliest last.
    waiting: Vec<Source>,
    open: Vec<Open>,
    /// The next event of each open stream that has one.
    heads: BinaryHeap<Reverse<(Place, usize)>>,
    held: usize,
    may_hold: usize,
    spent: usize,
}

impl<'a> Merge<'a> {
    /// Through these streams, which may hold so many bytes together.
    pub(super) fn new(store: &'a Store, mut sources: Vec<Source>, may_hold: usize) -> Self {
        sources.sort_by_key(|source| Reverse(source.earliest()));
        let (open, heads) = (Vec::new(), BinaryHeap::new());
        Self { store, waiting: sources, open, heads, held: 0, may_hold, spent: 0 }
    }

    /// The next event.
    pub(super) async fn next(&mut self) -> Result<Option<Found>, StoreError> {
        loop {
            self.open_due().await?;
            let Some(Reverse((place, index))) = self.heads.pop() else { return Ok(None) };
            // A stream that let go of what it held reads it again here, and finds less where old events were removed.
            let head = self.head(index).await?;
            if head == Some(place)
                && let Some(event) = self.take(index)
            {
                let following = self.head(index).await?;
                self.heads.extend(following.map(|place| Reverse((place, index))));
                self.let_go();
                return Ok(Some(Found { stream: Arc::clone(&self.open[index].name), place, event }));
            }
            self.heads.extend(head.map(|place| Reverse((place, index))));
        }
    }

    /// What was read beyond the first chunks of each stream, in bytes.
    pub(super) fn spent(&self) -> usize {
        self.spent
    }

    /// Opens the streams that may hold the next event.
    async fn open_due(&mut self) -> Result<(), StoreError> {
        while let Some(source) = self.waiting.last() {
            let due = self.heads.peek().is_none_or(|Reverse((place, _))| source.earliest() <= place.at);
            if !due {
                return Ok(());
            }
            let Some(Source { name, ordinal, chunks, gap, .. }) = self.waiting.pop() else { return Ok(()) };
            let index = self.open.len();
            self.open.push(Open { name, ordinal, cursor: Forward::from(chunks, gap) });
            let spent = self.spent;
            let head = self.head(index).await?;
            self.spent = spent;
            self.heads.extend(head.map(|place| Reverse((place, index))));
            self.let_go();
        }
        Ok(())
    }

    /// The place of a stream's next event, read from the store where it has to be.
    async fn head(&mut self, index: usize) -> Result<Option<Place>, StoreError> {
        let Open { ordinal, cursor, .. } = &mut self.open[index];
        let (held, read) = (cursor.held(), cursor.read());
        let head = cursor.peek(self.store).await?;
        let head = head.map(|event| Place { at: event.at, ordinal: *ordinal, number: event.number });
        self.held += cursor.held() - held;
        self.spent += cursor.read() - read;
        Ok(head)
    }

    fn take(&mut self, index: usize) -> Option<Event> {
        let cursor = &mut self.open[index].cursor;
        let held = cursor.held();
        let event = cursor.take();
        self.held -= held - cursor.held();
        event
    }

    /// Makes the streams whose turns come last let go of what they hold, until the rest is little enough.
    fn let_go(&mut self) {
        if self.held <= self.may_hold {
            return;
        }
        let mut heads: Vec<_> = self.heads.iter().map(|Reverse(head)| *head).collect();
        heads.sort_unstable();
        for (_, index) in heads.into_iter().skip(1).rev() {
            let cursor = &mut self.open[index].cursor;
            self.held -= cursor.held();
            cursor.forget();
            if self.held <= self.may_hold / 2 {
                return;
            }
        }
    }
}
