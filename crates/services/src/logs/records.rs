//! What the log service keeps: groups, streams, and the events of a stream in chunks.

use serde::{Deserialize, Serialize};
use store::Record;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupRecord {
    /// When its first line was kept, in ms since the epoch.
    pub(super) created: i64,
    /// What it holds, by [`super::page::weight`].
    pub(super) stored_bytes: u64,
    /// How many streams it ever had: the next stream's ordinal.
    pub(super) streams: u64,
}

impl Record for GroupRecord {
    const TABLE: &'static str = "log-groups";
    const VERSION: u16 = 1;
}

/// A log stream. Its events are numbered from 0, and their times never decrease with their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StreamRecord {
    /// Its number among the streams that the group ever had: orders events of one millisecond.
    pub(super) ordinal: u64,
    /// When its first line was kept, in ms since the epoch.
    pub(super) created: i64,
    /// The time of its first event; after old events were removed, a time not after it.
    pub(super) first_event: i64,
    /// The time of its last event.
    pub(super) last_event: i64,
    /// When its last event was kept.
    pub(super) last_ingestion: i64,
    /// How many events it ever had: the next event's number.
    pub(super) events: u64,
}

impl Record for StreamRecord {
    const TABLE: &'static str = "log-streams";
    const VERSION: u16 = 1;
}

/// The same record in the order of the last events, for reads that ask for a time: see [`super::place::by_time`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct StreamByTime(pub(super) StreamRecord);

impl Record for StreamByTime {
    const TABLE: &'static str = "log-stream-times";
    const VERSION: u16 = 1;
}

/// Consecutive events of one stream. Its key tells the first event's time and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    /// When they were kept, in ms since the epoch.
    pub(super) ingested: i64,
    /// The time of the first event.
    pub(super) start: i64,
    /// The number of the first event.
    pub(super) number: u64,
    /// Per event the milliseconds after `start`.
    pub(super) after: Vec<u64>,
    /// Per event its text.
    pub(super) texts: Vec<String>,
}

impl Record for Chunk {
    const TABLE: &'static str = "log-events";
    const VERSION: u16 = 1;
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its time in ms since the epoch.
    pub(super) at: i64,
    /// Its number in the stream.
    pub(super) number: u64,
    /// When it was kept.
    pub(super) ingested: i64,
    /// Its text.
    pub(super) message: String,
}

impl Chunk {
    /// The events, in order.
    pub(super) fn events(self) -> impl DoubleEndedIterator<Item = Event> + ExactSizeIterator + Send {
        let Self { ingested, start, number, after, texts } = self;
        let parts = after.into_iter().zip(texts).enumerate();
        parts.map(move |(index, (after, message))| Event {
            at: start.saturating_add_unsigned(after),
            number: number.saturating_add(index as u64),
            ingested,
            message,
        })
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.texts.iter().map(|text| super::page::weight(text)).sum::<usize>() + 64
    }
}
