//! What happens to lines when the store doesn't take them.

use super::*;
use std::sync::atomic::AtomicUsize;
use store::engine::{Batch, Engine, Entries, Range, Row};
use store::{Key, Revision, SqliteEngine, StoreError};
use types::BoxFuture;

/// The embedded engine, which refuses the next commits as a full disk does.
struct Full {
    engine: SqliteEngine,
    refusals: Arc<AtomicUsize>,
}

impl Engine for Full {
    fn get<'a>(
        &'a self,
        table: &'static str,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        self.engine.get(table, key)
    }

    fn scan(&self, table: &'static str, range: Range) -> BoxFuture<'_, Result<Vec<Row>, StoreError>> {
        self.engine.scan(table, range)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Revision, StoreError>> {
        let refused =
            self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match refused {
            Ok(_) => Box::pin(async { Err(StoreError::Full) }),
            Err(_) => self.engine.commit(batch),
        }
    }

    fn read_log(
        &self,
        log: &'static str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Entries, StoreError>> {
        self.engine.read_log(log, after, limit)
    }
}

fn start() -> (Bench, Arc<AtomicUsize>) {
    let dir = tempfile::tempdir().unwrap();
    let root = RootKey::load_or_create(&dir.path().join("keys/root.key")).unwrap();
    let refusals = Arc::new(AtomicUsize::new(0));
    let shared = Arc::clone(&refusals);
    let sealer = Arc::new(Sealer::new(root).unwrap());
    let store = Store::open_with(&dir.path().join("data"), sealer, |database, key_id, observer| {
        let engine = SqliteEngine::open(database, key_id, observer)?;
        Ok(Arc::new(Full { engine, refusals: shared }))
    });
    let clock = Arc::new(Hands(AtomicI64::new(5_000_000)));
    let (logs, write) = Logs::new(Arc::new(store.unwrap()), Arc::<Hands>::clone(&clock), Region::default());
    (Bench { logs, writer: tokio::spawn(write), clock, dir }, refusals)
}

#[tokio::test]
async fn a_commit_that_fails_is_tried_again() {
    let (bench, refusals) = start();
    refusals.store(2, Ordering::SeqCst);
    bench.write("a", [(1, "one")]).await;
    assert_eq!(texts(&bench.get(of_stream("a")).await), ["one"]);
}

#[tokio::test]
async fn lines_that_a_full_disk_loses_leave_a_whole_log() {
    let (bench, refusals) = start();
    bench.write("a", [(1, "one"), (2, "two")]).await;
    bench.logs.settled(false).await.unwrap();
    refusals.store(3, Ordering::SeqCst);
    bench.write("a", [(3, "lost")]).await;
    bench.write("b", [(3, "lost too")]).await;
    bench.logs.settled(false).await.unwrap();
    assert_eq!(refusals.load(Ordering::SeqCst), 0);
    bench.write("a", [(4, "three")]).await;
    bench.write("b", [(4, "first")]).await;
    let texts: Vec<_> = bench.filter(of_group()).await.into_iter().map(|event| event.2).collect();
    assert_eq!(texts[..2], ["one", "two"]);
    assert_eq!(texts.len(), 4);
    let group = bench.logs.group(AccountId::FIRST, GROUP).await.unwrap().value;
    assert_eq!(group.streams, 2, "what was not written is not counted");
    bench.end().await;
}
