//! A bound on what all logs take on disk: beyond it, the oldest chunks go.
//!
//! Each transaction of the writer leaves a note of the chunks that it wrote. Notes are numbered, so that the first one
//! names the oldest chunks of all streams. A stream whose last chunk goes, goes too: it begins anew when it is written
//! to again. Groups stay.
//!
//! Invariant: a chunk and its note are written in one transaction and removed in one.

use super::place::{self, Chunks, Gap};
use super::records::{Chunk, GroupRecord, StreamByTime, StreamRecord};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::{Key, KeyError, Prefix, Record, Store, StoreError, Stored, Transaction};
use types::AccountId;

/// What all logs may take unless it is set otherwise: 1 GiB.
pub(super) const MAX_BYTES: u64 = 1 << 30;
/// What a chunk takes beside its text: keys, seal, note, its part of the stream's record. Measured on small chunks.
const CHUNK_COST: u64 = 512;
/// Notes whose chunks are removed after one commit, at most: more than one commit leaves, so that the bound is reached.
const NOTES: usize = 4;

/// What one transaction wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// What its chunks take.
    bytes: u64,
    /// What the chunks of all notes up to this one take or took.
    total: u64,
    chunks: Vec<Written>,
}

/// One chunk that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    /// Its owner.
    pub(super) account: AccountId,
    /// Its group.
    pub(super) group: String,
    /// Its stream.
    pub(super) stream: String,
    /// The time of its first event.
    pub(super) start: i64,
    /// The number of its first event.
    pub(super) number: u64,
    /// How many events it has.
    pub(super) events: u64,
    /// Their weight.
    pub(super) bytes: u64,
}

impl Record for Note {
    const TABLE: &'static str = "log-notes";
    const VERSION: u16 = 1;
}

/// What all logs take, and the number of the next note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    next: u64,
    /// What was ever written.
    total: u64,
    /// What is there.
    live: u64,
}

impl Usage {
    /// As the store's first and last note tell.
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        let first = store.scan::<Note>(&Prefix::all(), None, 1).await?.pop();
        let last = store.scan_reverse::<Note>(&Prefix::all(), None, 1).await?.pop();
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Self { next: 0, total: 0, live: 0 });
        };
        let next = place::name(&last.key).parse::<u64>().map_or(0, |number| number + 1);
        let total = last.value.total;
        let before = first.value.total.saturating_sub(first.value.bytes);
        Ok(Self { next, total, live: total.saturating_sub(before) })
    }

    /// The note of these chunks with its place, and the usage when it is written.
    pub(super) fn note(self, chunks: Vec<Written>) -> Result<(Key, Note, Self), KeyError> {
        let bytes = chunks.iter().map(|chunk| chunk.bytes + CHUNK_COST).sum();
        let key = Key::of([format!("{:020}", self.next)])?;
        let after = Self { next: self.next + 1, total: self.total + bytes, live: self.live + bytes };
        Ok((key, Note { bytes, total: after.total, chunks }, after))
    }
}

/// What a removal changed.
#[derive(Default)]
pub(super) struct Removed {
    /// The groups as they are now.
    pub(super) groups: HashMap<Key, GroupRecord>,
    /// Streams that are no more.
    pub(super) streams: Vec<Key>,
}

/// Removes the oldest chunks while there is more than `max_bytes`; only a few at a time.
pub(super) async fn enforce(store: &Store, usage: &mut Usage, max_bytes: u64) -> Result<Removed, StoreError> {
    let mut removed = Removed::default();
    if usage.live <= max_bytes {
        return Ok(removed);
    }
    for note in store.scan::<Note>(&Prefix::all(), None, NOTES).await? {
        let newest = place::name(&note.key).parse() == Ok(usage.next.saturating_sub(1));
        if usage.live <= max_bytes || newest {
            break;
        }
        remove(store, &note, &mut removed).await?;
        usage.live = usage.live.saturating_sub(note.value.bytes);
    }
    Ok(removed)
}

async fn remove(store: &Store, note: &Stored<Note>, removed: &mut Removed) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.remove::<Note>(&note.key);
    for chunk in &note.value.chunks {
        let places = Chunks::of(chunk.account, &chunk.group, &chunk.stream);
        let at = places.at(Gap { at: chunk.start, number: chunk.number })?;
        transaction.remove::<Chunk>(&at);
        let group = place::group(chunk.account, &chunk.group)?;
        if !removed.groups.contains_key(&group)
            && let Some(stored) = store.get::<GroupRecord>(&group).await?
        {
            removed.groups.insert(group.clone(), stored.value);
        }
        if let Some(record) = removed.groups.get_mut(&group) {
            record.stored_bytes = record.stored_bytes.saturating_sub(chunk.bytes);
        }
        let stream = place::stream(chunk.account, &chunk.group, &chunk.stream)?;
        if let Some(record) = store.get::<StreamRecord>(&stream).await?
            && record.value.events == chunk.number + chunk.events
        {
            let by_time =
                place::by_time(chunk.account, &chunk.group, record.value.last_event, &chunk.stream)?;
            transaction.remove::<StreamRecord>(&stream).remove::<StreamByTime>(&by_time);
            removed.streams.push(stream);
        }
    }
    for (key, group) in &removed.groups {
        transaction.put(key, group);
    }
    store.commit(transaction).await.map(drop)
}

#[cfg(test)]
pub(super) fn example() -> Note {
    let written = Written {
        account: AccountId::FIRST,
        group: "/aws/lambda/echo".to_owned(),
        stream: "2026/11/24/[$LATEST]0123456789abcdef0123456789abcdef".to_owned(),
        start: 1_700_000_000_001,
        number: 7,
        events: 2,
        bytes: 99,
    };
    Note { bytes: 611, total: 1_000_000, chunks: vec![written] }
}
