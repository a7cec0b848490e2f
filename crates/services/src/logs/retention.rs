//! A bound on what all logs take on disk: beyond it, the oldest chunks go of the account that holds most, so that no
//! account's flood takes from another ([`super::usage`] decides).
//!
//! Each transaction of the writer leaves, for each account, a note of the chunks that it wrote. An account's notes are
//! numbered, so that the first one names its oldest chunks. A stream whose last chunk goes, goes too: it begins anew when
//! it is written to again. Groups stay.
//!
//! Invariant: a chunk and its note are written in one transaction and removed in one.

use super::place::{self, Chunks, Gap};
use super::records::{Chunk, GroupRecord, StreamByTime, StreamRecord};
use super::usage::{Age, Held, Usage};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use store::{Key, KeyError, Prefix, Record, Store, StoreError, Transaction};
use types::AccountId;

/// What all logs may take unless it is set otherwise: 1 GiB.
pub(super) const MAX_BYTES: u64 = 1 << 30;
/// What a chunk takes beside its text: keys, seal, note, its part of the stream's record. Measured on small chunks.
const CHUNK_COST: u64 = 512;
/// Notes whose chunks are removed after one commit beyond as many as the commit left, at most: so the bound is reached
/// whatever the notes' sizes.
const NOTES: usize = 3;

/// What one transaction wrote of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    account: AccountId,
    /// Its number among the account's notes.
    number: u64,
    /// What its chunks take.
    bytes: u64,
    /// What the chunks of all the account's notes up to this one take or took.
    total: u64,
    chunks: Vec<Written>,
}

/// One chunk that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
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
    const TABLE: &'static str = "log-account-notes";
    const VERSION: u16 = 1;
}

/// The usage as each account's first and last note tell.
pub(super) async fn load(store: &Store) -> Result<Usage, StoreError> {
    let mut usage = Usage::default();
    let mut after = None;
    while let Some(first) = store.scan::<Note>(&Prefix::all(), after.as_ref(), 1).await?.pop() {
        let notes = Key::prefix([first.value.account.as_str()])?;
        let last = store.scan_reverse::<Note>(&notes, None, 1).await?.pop().unwrap_or_else(|| first.clone());
        let before = first.value.total.saturating_sub(first.value.bytes);
        let held = Held {
            first: first.value.number,
            next: last.value.number + 1,
            total: last.value.total,
            live: last.value.total.saturating_sub(before),
            last: Age::Settled,
        };
        usage.restore(first.value.account, held);
        after = Some(last.key);
    }
    Ok(usage)
}

/// The notes of a transaction that writes these chunks, with their places. They count from now on.
pub(super) fn notes(
    usage: &mut Usage,
    written: BTreeMap<AccountId, Vec<Written>>,
) -> Result<Vec<(Key, Note)>, KeyError> {
    usage.settle();
    let notes = written.into_iter().map(|(account, chunks)| {
        let bytes = chunks.iter().map(|chunk| chunk.bytes + CHUNK_COST).sum();
        let held = usage.add(account, bytes);
        let number = held.next - 1;
        Ok((place_of(account, number)?, Note { account, number, bytes, total: held.total, chunks }))
    });
    notes.collect()
}

fn place_of(account: AccountId, number: u64) -> Result<Key, KeyError> {
    Key::of([account.as_str(), &format!("{number:020}")])
}

/// What a removal changed.
#[derive(Default)]
pub(super) struct Removed {
    /// The groups as they are now.
    pub(super) groups: HashMap<Key, GroupRecord>,
    /// Streams that are no more.
    pub(super) streams: Vec<Key>,
}

/// Removes chunks while there is more than `max_bytes`; only a few at a time.
pub(super) async fn enforce(store: &Store, usage: &mut Usage, max_bytes: u64) -> Result<Removed, StoreError> {
    let mut removed = Removed::default();
    for _ in 0..usage.fresh() + NOTES {
        let Some((account, number)) = usage.excess(max_bytes) else { break };
        let place = place_of(account, number)?;
        let bytes = match store.get::<Note>(&place).await? {
            Some(note) => {
                remove(store, &place, &note.value, &mut removed).await?;
                note.value.bytes
            }
            None => 0,
        };
        usage.remove(account, bytes);
    }
    Ok(removed)
}

async fn remove(store: &Store, place: &Key, note: &Note, removed: &mut Removed) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    let mut groups = HashMap::new();
    transaction.remove::<Note>(place);
    for chunk in &note.chunks {
        let places = Chunks::of(note.account, &chunk.group, &chunk.stream);
        let at = places.at(Gap { at: chunk.start, number: chunk.number })?;
        transaction.remove::<Chunk>(&at);
        let group = place::group(note.account, &chunk.group)?;
        if !groups.contains_key(&group)
            && let Some(stored) = store.get::<GroupRecord>(&group).await?
        {
            groups.insert(group.clone(), stored.value);
        }
        if let Some(record) = groups.get_mut(&group) {
            record.stored_bytes = record.stored_bytes.saturating_sub(chunk.bytes);
        }
        let stream = place::stream(note.account, &chunk.group, &chunk.stream)?;
        if let Some(record) = store.get::<StreamRecord>(&stream).await?
            && record.value.events == chunk.number + chunk.events
        {
            let by_time = place::by_time(note.account, &chunk.group, record.value.last_event, &chunk.stream)?;
            transaction.remove::<StreamRecord>(&stream).remove::<StreamByTime>(&by_time);
            removed.streams.push(stream);
        }
    }
    for (key, group) in &groups {
        transaction.put(key, group);
    }
    store.commit(transaction).await?;
    removed.groups.extend(groups);
    Ok(())
}

#[cfg(test)]
pub(super) fn example() -> Note {
    let written = Written {
        group: "/aws/lambda/echo".to_owned(),
        stream: "2026/11/24/[$LATEST]0123456789abcdef0123456789abcdef".to_owned(),
        start: 1_700_000_000_001,
        number: 7,
        events: 2,
        bytes: 99,
    };
    Note { account: AccountId::FIRST, number: 3, bytes: 611, total: 1_000_000, chunks: vec![written] }
}
