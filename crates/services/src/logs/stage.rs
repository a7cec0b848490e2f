//! From lines to what the store holds: stages the records of all streams that wrote, and commits them.

use super::cut::cut;
use super::page;
use super::place::{self, Chunks, Gap, LAST_TIME};
use super::records::{Chunk, GroupRecord, StreamByTime, StreamRecord};
use super::retention::{self, Note, Written};
use super::usage::Usage;
use super::writer::Pending;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use store::{Key, Record, Store, StoreError, Transaction};
use telemetry::{LogLine, LogStream};
use types::{AccountId, Clock};

/// Streams of one transaction: below the store's limit of 1000 operations, with a chunk, a group, a note, the stream and its
/// place by time, old and new, for each, and with the chunks that a full waiting room makes.
const STREAMS: usize = 120;
/// Streams whose records are remembered, and groups.
const REMEMBERED: usize = 10_000;
/// How often a commit is tried.
const TRIES: u32 = 3;
/// How long to wait before the second try.
const PAUSE: Duration = Duration::from_millis(100);

/// Keeps lines. The only writer of the tables.
pub(super) struct Stage {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    /// What is in the store, by key.
    streams: HashMap<Key, StreamRecord>,
    groups: HashMap<Key, GroupRecord>,
    usage: Option<Usage>,
    max_bytes: u64,
}

/// What one transaction writes.
#[derive(Default)]
struct Staged {
    chunks: Vec<(Key, Chunk)>,
    written: BTreeMap<AccountId, Vec<Written>>,
    by_time: Vec<(Key, StreamByTime)>,
    moved: Vec<Key>,
    notes: Vec<(Key, Note)>,
    streams: HashMap<Key, StreamRecord>,
    groups: HashMap<Key, GroupRecord>,
}

impl Stage {
    /// Over this store.
    pub(super) fn new(store: Arc<Store>, clock: Arc<dyn Clock>, max_bytes: u64) -> Self {
        Self { store, clock, streams: HashMap::new(), groups: HashMap::new(), usage: None, max_bytes }
    }

    /// Keeps all lines, or as many as the store takes.
    pub(super) async fn keep(&mut self, pending: Pending) {
        let mut pending = pending.into_iter();
        loop {
            let part: Vec<_> = pending.by_ref().take(STREAMS).collect();
            if part.is_empty() {
                return;
            }
            let lines: usize = part.iter().map(|(_, lines)| lines.len()).sum();
            if let Err(error) = self.keep_part(part).await {
                tracing::error!(%error, lines, "log lines could not be kept and are lost");
                // What is in the store may be another thing than what is remembered.
                self.forget();
            }
        }
    }

    async fn keep_part(&mut self, part: Vec<(Arc<LogStream>, Vec<LogLine>)>) -> Result<(), StoreError> {
        let mut usage = match self.usage.take() {
            Some(usage) => usage,
            None => retention::load(&self.store).await?,
        };
        let mut staged = Staged::default();
        let now = self.clock.now().millis();
        for (stream, lines) in part {
            self.stage(&mut staged, &stream, lines, now).await?;
        }
        staged.notes = retention::notes(&mut usage, std::mem::take(&mut staged.written))?;
        self.commit(&staged).await?;
        if self.streams.len().max(self.groups.len()) > REMEMBERED {
            self.forget();
        }
        self.streams.extend(staged.streams);
        self.groups.extend(staged.groups);
        self.remove_oldest(usage).await;
        Ok(())
    }

    async fn remove_oldest(&mut self, mut usage: Usage) {
        match retention::enforce(&self.store, &mut usage, self.max_bytes).await {
            Ok(removed) => {
                self.usage = Some(usage);
                self.groups.extend(removed.groups);
                for stream in removed.streams {
                    self.streams.remove(&stream);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "old log lines could not be removed; it is tried again");
                self.forget();
            }
        }
    }

    fn forget(&mut self) {
        self.streams.clear();
        self.groups.clear();
        self.usage = None;
    }

    /// Adds one stream's lines to what is to be written.
    async fn stage(
        &self,
        staged: &mut Staged,
        stream: &LogStream,
        lines: Vec<LogLine>,
        now: i64,
    ) -> Result<(), StoreError> {
        let group_key = place::group(stream.account, &stream.group)?;
        let stream_key = place::stream(stream.account, &stream.group, &stream.name)?;
        let mut group = match staged.groups.remove(&group_key) {
            Some(group) => group,
            None => match self.known(&self.groups, &group_key).await? {
                Some(group) => group,
                None => GroupRecord { created: now, stored_bytes: 0, streams: 0 },
            },
        };
        let mut record = match self.known(&self.streams, &stream_key).await? {
            Some(record) => record,
            None => {
                group.streams += 1;
                new_stream(group.streams - 1, &lines, now)
            }
        };
        let by_time = |last| place::by_time(stream.account, &stream.group, last, &stream.name);
        let old_place = by_time(record.last_event)?;
        record.last_ingestion = now;
        let places = Chunks::of(stream.account, &stream.group, &stream.name);
        for chunk in cut(&mut record, lines, now) {
            group.stored_bytes += staged.add(stream, &places, chunk)?;
        }
        let new_place = by_time(record.last_event)?;
        if new_place != old_place {
            staged.moved.push(old_place);
        }
        staged.by_time.push((new_place, StreamByTime(record.clone())));
        staged.streams.insert(stream_key, record);
        staged.groups.insert(group_key, group);
        Ok(())
    }

    async fn known<R: Record + Clone>(
        &self,
        remembered: &HashMap<Key, R>,
        key: &Key,
    ) -> Result<Option<R>, StoreError> {
        match remembered.get(key) {
            Some(record) => Ok(Some(record.clone())),
            None => Ok(self.store.get::<R>(key).await?.map(|stored| stored.value)),
        }
    }

    async fn commit(&self, staged: &Staged) -> Result<(), StoreError> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.store.commit(staged.transaction()).await {
                Ok(_) => return Ok(()),
                Err(error) => tracing::warn!(%error, "log lines wait: the store did not take them"),
            }
            tokio::time::sleep(pause).await;
            pause *= 4;
        }
        self.store.commit(staged.transaction()).await.map(drop)
    }
}

impl Staged {
    /// Adds a chunk of the stream; the bytes that it counts for.
    fn add(&mut self, stream: &LogStream, places: &Chunks, chunk: Chunk) -> Result<u64, StoreError> {
        let bytes = chunk.texts.iter().map(|text| page::weight(text) as u64).sum::<u64>();
        let key = places.at(Gap { at: chunk.start, number: chunk.number })?;
        self.written.entry(stream.account).or_default().push(Written {
            group: stream.group.clone(),
            stream: stream.name.clone(),
            start: chunk.start,
            number: chunk.number,
            events: chunk.texts.len() as u64,
            bytes,
        });
        self.chunks.push((key, chunk));
        Ok(bytes)
    }

    fn transaction(&self) -> Transaction {
        let mut transaction = Transaction::new();
        for (key, chunk) in &self.chunks {
            transaction.put(key, chunk);
        }
        for (key, stream) in &self.streams {
            transaction.put(key, stream);
        }
        for key in &self.moved {
            transaction.remove::<StreamByTime>(key);
        }
        for (key, stream) in &self.by_time {
            transaction.put(key, stream);
        }
        for (key, group) in &self.groups {
            transaction.put(key, group);
        }
        for (key, note) in &self.notes {
            transaction.put(key, note);
        }
        transaction
    }
}

fn new_stream(ordinal: u64, lines: &[LogLine], now: i64) -> StreamRecord {
    let first = lines.first().map_or(now, |line| line.at.millis()).clamp(0, LAST_TIME);
    StreamRecord {
        ordinal,
        created: now,
        first_event: first,
        last_event: first,
        last_ingestion: now,
        events: 0,
    }
}
