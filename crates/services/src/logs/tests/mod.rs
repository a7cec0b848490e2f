//! Stories with a real store: lines go in through the sink, and come out as clients read them.

mod describing;
mod failing;
mod filtering;
mod keeping;
mod paging;
mod patterns;
mod sharing;

use super::Logs;
use super::filter_events::Bounds;
use api::Context;
use api::logs::{FilterLogEventsRequest, GetLogEventsRequest, GetLogEventsResponse};
use seal::{RootKey, Sealer};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::Store;
use telemetry::{LogBatch, LogLine, LogSink, LogStream};
use tempfile::TempDir;
use types::{AccountId, Clock, Region, ServiceError, Timestamp};

pub(super) const GROUP: &str = "/aws/lambda/echo";

/// A clock that stands until it is set.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct Bench {
    logs: Arc<Logs>,
    writer: tokio::task::JoinHandle<()>,
    clock: Arc<Hands>,
    dir: TempDir,
}

impl Bench {
    fn start() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    fn open(dir: TempDir) -> Self {
        Self::bounded(dir, 1 << 30)
    }

    fn bounded(dir: TempDir, max_bytes: u64) -> Self {
        let root = RootKey::load_or_create(&dir.path().join("keys/root.key")).unwrap();
        let store = Store::open(&dir.path().join("data"), Arc::new(Sealer::new(root).unwrap())).unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(5_000_000)));
        let (logs, write) =
            Logs::bounded(Arc::new(store), Arc::<Hands>::clone(&clock), Region::default(), max_bytes);
        Self { logs, writer: tokio::spawn(write), clock, dir }
    }

    /// Ends the service, and gives what is left: the directory.
    async fn end(self) -> TempDir {
        drop(self.logs);
        self.writer.await.unwrap();
        self.dir
    }

    /// Lines `(time, text)` of a stream.
    async fn write<T: Into<String>>(&self, stream: &str, lines: impl IntoIterator<Item = (i64, T)>) {
        let lines = lines.into_iter().map(|(at, text)| LogLine { at: Timestamp(at), message: text.into() });
        self.logs.accept(LogBatch { stream: stream_of(GROUP, stream), lines: lines.collect() }).await;
    }

    async fn get(&self, input: GetLogEventsRequest) -> GetLogEventsResponse {
        self.logs.get_events(input, &context()).await.unwrap()
    }

    /// Goes through all pages; gives the events as (time, stream, text, id).
    async fn filter(&self, input: FilterLogEventsRequest) -> Vec<(i64, String, String, String)> {
        self.filter_reading(input, bounds(16 << 20)).await
    }

    async fn filter_reading(
        &self,
        mut input: FilterLogEventsRequest,
        bounds: Bounds,
    ) -> Vec<(i64, String, String, String)> {
        let mut events = Vec::new();
        for _ in 0..10_000 {
            let page = self.logs.filter_events(input.clone(), &context(), bounds).await.unwrap();
            assert!(page.searched_log_streams.unwrap().is_empty());
            events.extend(page.events.unwrap().into_iter().map(|e| {
                (e.timestamp.unwrap(), e.log_stream_name.unwrap(), e.message.unwrap(), e.event_id.unwrap())
            }));
            input.next_token = page.next_token;
            if input.next_token.is_none() {
                return events;
            }
        }
        panic!("the pages don't end")
    }

    async fn refused(&self, input: FilterLogEventsRequest) -> ServiceError {
        self.logs.filter_events(input, &context(), bounds(1 << 20)).await.map(drop).unwrap_err()
    }
}

fn stream_of(group: &str, name: &str) -> Arc<LogStream> {
    Arc::new(LogStream {
        account: AccountId::FIRST,
        region: Region::default(),
        group: group.to_owned(),
        name: name.to_owned(),
    })
}

fn context() -> Context {
    Context {
        account: AccountId::FIRST,
        region: Region::default(),
        request_id: "01234567-89ab-4def-8123-456789abcdef".parse().unwrap(),
        now: Timestamp(5_000_000),
        endpoint: "http://127.0.0.1:4566".to_owned(),
        shows_more: false,
    }
}

fn of_stream(stream: &str) -> GetLogEventsRequest {
    GetLogEventsRequest {
        log_group_name: Some(GROUP.to_owned()),
        log_group_identifier: None,
        log_stream_name: stream.to_owned(),
        start_time: None,
        end_time: None,
        next_token: None,
        limit: None,
        start_from_head: None,
        unmask: None,
    }
}

fn of_group() -> FilterLogEventsRequest {
    FilterLogEventsRequest { log_group_name: Some(GROUP.to_owned()), ..Default::default() }
}

fn bounds(read_bytes: usize) -> Bounds {
    Bounds { read_bytes, held_bytes: 1 << 20 }
}

fn texts(page: &GetLogEventsResponse) -> Vec<&str> {
    page.events.iter().flatten().map(|e| e.message.as_deref().unwrap()).collect()
}
