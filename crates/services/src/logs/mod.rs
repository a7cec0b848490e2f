//! CloudWatch Logs, as far as functions write and people read them.
//!
//! ```text
//! LogSink::accept ──► waiting room (8 MB) ──► writer: groups lines by stream, one commit per 100 ms ──► store
//!                                                ▲                                                       │
//! GetLogEvents, FilterLogEvents, Describe… ── flush ──────────────────── then read ◄─────────────────────┘
//! ```
//!
//! Invariants: memory is bounded (whoever writes waits while the waiting room is full). A read sees everything that was
//! accepted before it. Within a stream, events have numbers, and times never decrease with them. No account's flood removes
//! another's events: an account that holds no more than its share of the disk keeps all of them.

mod cursor;
mod cut;
mod describe_groups;
mod describe_streams;
mod filter_events;
mod get_events;
mod merge;
mod messages;
mod names;
mod page;
mod pattern;
mod place;
mod records;
mod retention;
mod sources;
mod stage;
#[cfg(test)]
mod tests;
mod token;
mod usage;
mod writer;

use records::{GroupRecord, StreamRecord};
use std::sync::Arc;
use std::time::Duration;
use store::{Store, Stored};
use telemetry::{LogBatch, LogSink};
use tokio::sync::{Semaphore, mpsc, oneshot};
use types::{AccountId, BoxFuture, Clock, Region, ServiceError};
use writer::{Job, ROOM_BYTES};

/// How long lines may be on their way from a function's pipe to the sink: a read that begins, unlike one that goes on from
/// a token, waits for them, so that a log is whole right after an invocation.
const ON_THE_WAY: Duration = Duration::from_millis(40);
/// How long a read waits for the writer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Jobs that may wait for the writer; whoever has one more waits for a place.
const JOBS: usize = 1024;

/// The log service.
pub struct Logs {
    store: Arc<Store>,
    region: Region,
    jobs: mpsc::Sender<Job>,
    /// Each job of lines holds permits for its bytes.
    room: Arc<Semaphore>,
}

impl Logs {
    /// The service over `store`, and its writer, which is to be run in the background. The writer ends when the last
    /// handle on the service is dropped and everything is written.
    pub fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        region: Region,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        Self::bounded(store, clock, region, retention::MAX_BYTES)
    }

    /// The same where all logs together may take about `max_bytes` on disk instead of 1 GiB; then the oldest events go of
    /// the account that holds most.
    pub fn bounded(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        region: Region,
        max_bytes: u64,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let (jobs, waiting) = mpsc::channel(JOBS);
        let room = Arc::new(Semaphore::new(ROOM_BYTES));
        let stage = stage::Stage::new(Arc::clone(&store), clock, max_bytes);
        let write = writer::write(stage, waiting);
        (Arc::new(Self { store, region, jobs, room }), write)
    }

    /// Adds the service's operations to `handlers`.
    #[must_use]
    pub fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        use api::logs;
        handlers
            .on::<logs::GetLogEvents, _>(self)
            .on::<logs::FilterLogEvents, _>(self)
            .on::<logs::DescribeLogGroups, _>(self)
            .on::<logs::DescribeLogStreams, _>(self)
    }

    /// Waits until everything that was accepted before is in the store; for a read that begins, also for what is about to
    /// be accepted.
    async fn settled(&self, begins: bool) -> Result<(), ServiceError> {
        if begins {
            tokio::time::sleep(ON_THE_WAY).await;
        }
        let flush = async {
            let (done, written) = oneshot::channel();
            self.jobs.send(Job::Flush(done)).await.ok()?;
            written.await.ok()
        };
        match tokio::time::timeout(PATIENCE, flush).await {
            Ok(Some(())) => Ok(()),
            _ => Err(messages::writer_late()),
        }
    }

    /// The group with this name.
    async fn group(&self, account: AccountId, group: &str) -> Result<Stored<GroupRecord>, ServiceError> {
        let key = place::group(account, group).map_err(|_| messages::no_such_group())?;
        let found = self.store.get(&key).await.map_err(messages::store_failed)?;
        found.ok_or_else(messages::no_such_group)
    }

    /// The stream with this name.
    async fn stream(
        &self,
        account: AccountId,
        group: &str,
        stream: &str,
    ) -> Result<Stored<StreamRecord>, ServiceError> {
        self.group(account, group).await?;
        let key = place::stream(account, group, stream).map_err(|_| messages::no_such_stream())?;
        let found = self.store.get(&key).await.map_err(messages::store_failed)?;
        found.ok_or_else(messages::no_such_stream)
    }
}

impl LogSink for Logs {
    fn accept(&self, batch: LogBatch) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let bytes = u32::try_from(writer::room_of(&batch)).unwrap_or(u32::MAX);
            // The room is never closed. After the writer has ended there is nobody to keep lines.
            let Ok(permit) = Arc::clone(&self.room).acquire_many_owned(bytes).await else { return };
            let _ = self.jobs.send(Job::Lines(batch, permit)).await;
        })
    }
}
