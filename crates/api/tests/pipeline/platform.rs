//! A server with everything behind it that a test needs.

use crate::client::{self, Answer, Call};
use crate::handlers::{self, Desk};
use crate::people::{ACCOUNT, Key, NEIGHBOUR, People};
use api::{
    AuditTrail, Downloads, FetchDownload, Identities, Limits, Pipeline, PipelineParts, ResourcePolicies,
    Server,
};
use bytes::Bytes;
use seal::{RootKey, Sealer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use store::Store;
use telemetry::audit::{LOG, Record};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use types::{BoxFuture, Clock, Random, Region, ServiceError, Timestamp};

/// 2026-11-24T06:35:00Z.
pub(crate) const NOW: i64 = 1_795_502_100_000;

pub(crate) struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl FakeClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as i64, Ordering::SeqCst);
    }
}

/// Every number is another one.
struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).to_be_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

/// One package, `package`.
struct Shelf;

impl FetchDownload for Shelf {
    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, ServiceError>> {
        Box::pin(async move { Ok((id == "package").then(|| Bytes::from_static(b"the zip"))) })
    }
}

pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    pub(crate) people: Arc<People>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) downloads: Arc<Downloads>,
    pub(crate) root: Key,
    pub(crate) neighbour: Key,
    pub(crate) store: Arc<Store>,
    pub(crate) front: Arc<Server>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    writer: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        Self::with(Limits { connections: 1000, grace: Duration::from_secs(5) }).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Arc::new(Sealer::new(RootKey::generate().unwrap()).unwrap());
        let store = Arc::new(Store::open(folder.path(), sealer).unwrap());
        let people = Arc::new(People::default());
        let identities = Arc::new(Identities::new(people.clone()));
        let desk = Desk::new(Arc::clone(&store));
        let clock = Arc::new(FakeClock(AtomicI64::new(NOW)));
        let random = Arc::new(Counter(AtomicU64::new(1)));
        let downloads = Arc::new(Downloads::new(&*random, Region::default(), Arc::new(Shelf)));
        let (audit, writer) = AuditTrail::new(Arc::clone(&store));
        let pipeline = Pipeline::new(PipelineParts {
            handlers: handlers::all(&desk),
            invoke: desk.clone(),
            downloads: Arc::clone(&downloads),
            identities: Arc::clone(&identities),
            policies: Arc::new(ResourcePolicies::new(Arc::clone(&store), Region::default())),
            audit,
            clock: clock.clone(),
            random,
            region: Region::default(),
            body_budget_bytes: 0,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let front = Arc::new(Server::new(Arc::new(pipeline), limits));
        let server = tokio::spawn(Arc::clone(&front).run(listener, stopped));
        Self {
            address,
            root: people.root(ACCOUNT),
            neighbour: people.root(NEIGHBOUR),
            people,
            identities,
            desk,
            clock,
            downloads,
            store,
            front,
            stop,
            server,
            writer: tokio::spawn(writer),
            _folder: folder,
        }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Sends a call, signed now with this key.
    pub(crate) async fn call(&self, call: &Call, key: &Key) -> Answer {
        self.send(call, Some(key)).await
    }

    pub(crate) async fn send(&self, call: &Call, key: Option<&Key>) -> Answer {
        client::send(self.address, call.signed(&self.host(), key, self.clock.now())).await.unwrap()
    }

    /// Asks the server to stop, and waits for it and for the last record.
    pub(crate) async fn finish(self) -> Vec<Record> {
        self.stop.send(()).unwrap();
        self.server.await.unwrap();
        drop((self.front, self.desk, self.downloads));
        tokio::time::timeout(Duration::from_secs(10), self.writer).await.unwrap().unwrap();
        let records = self.store.read_log::<Record>(LOG, 0, 10_000).await.unwrap();
        records.into_iter().map(|(_, record)| record).collect()
    }
}

impl Platform {
    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }
}
