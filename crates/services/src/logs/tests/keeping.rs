//! The writer: bounded, durable, sealed.

use super::*;
use crate::logs::records::{Chunk, GroupRecord, StreamByTime, StreamRecord};
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn everything_is_there_after_a_restart_and_goes_on() {
    let bench = Bench::start();
    bench.write("a", [(1, "one"), (2, "two")]).await;
    bench.write("b", [(1, "other")]).await;
    let before = bench.filter(of_group()).await;
    bench.write("a", [(3, "written at the end")]).await;

    let bench = Bench::open(bench.end().await);
    bench.write("c", [(4, "new stream")]).await;
    bench.write("a", [(5, "goes on")]).await;
    let after = bench.filter(of_group()).await;
    assert_eq!(after[..3], before[..], "with the same ids");
    let texts: Vec<_> = after[3..].iter().map(|e| e.2.as_str()).collect();
    assert_eq!(texts, ["written at the end", "new stream", "goes on"]);
}

#[tokio::test]
async fn a_flood_waits_for_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let root = RootKey::load_or_create(&dir.path().join("keys/root.key")).unwrap();
    let store = Store::open(&dir.path().join("data"), Arc::new(Sealer::new(root).unwrap())).unwrap();
    let clock = Arc::new(Hands(AtomicI64::new(1)));
    let (logs, write) = Logs::new(Arc::new(store), clock, Region::default());
    let flood = {
        let logs = Arc::clone(&logs);
        tokio::spawn(async move {
            for n in 0..40 {
                let message = "x".repeat(200 * 1024);
                let lines = (0..2).map(|_| LogLine { at: Timestamp(n), message: message.clone() }).collect();
                logs.accept(LogBatch { stream: stream_of(GROUP, "a"), lines }).await;
            }
        })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!flood.is_finished(), "16 MB don't fit into the waiting room");
    assert!(logs.room.available_permits() < 500 * 1024);
    let writer = tokio::spawn(write);
    flood.await.unwrap();
    logs.settled(false).await.unwrap();
    let stream = logs.stream(AccountId::FIRST, GROUP, "a").await.unwrap();
    assert_eq!(stream.value.events, 80);
    drop(logs);
    writer.await.unwrap();
}

#[tokio::test]
async fn a_batch_larger_than_the_room_passes() {
    let bench = Bench::start();
    bench.write("a", (0..100).map(|n| (n, "x".repeat(100 * 1024)))).await;
    bench.logs.settled(false).await.unwrap();
    let stream = bench.logs.stream(AccountId::FIRST, GROUP, "a").await.unwrap();
    assert_eq!(stream.value.events, 100);
}

#[tokio::test]
async fn lines_come_to_the_store_without_a_read() {
    let bench = Bench::start();
    bench.write("a", [(1, "x")]).await;
    for _ in 0..1000 {
        if bench.logs.stream(AccountId::FIRST, GROUP, "a").await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the line was not written");
}

#[tokio::test]
async fn many_streams_are_written_in_several_transactions() {
    let bench = Bench::start();
    for n in 0..450 {
        bench.write(&format!("{n:03}"), [(n, "x"), (n, "y")]).await;
    }
    let events = bench.filter(of_group()).await;
    assert_eq!(events.len(), 900);
    let stored = bench.logs.group(AccountId::FIRST, GROUP).await.unwrap();
    assert_eq!((stored.value.streams, stored.value.stored_bytes), (450, 900 * 27));
}

#[tokio::test]
async fn a_clock_that_is_set_back_reorders_nothing() {
    let bench = Bench::start();
    bench.write("a", [(10, "one"), (7, "two")]).await;
    bench.logs.settled(false).await.unwrap();
    bench.write("a", [(3, "three"), (11, "four"), (-5, "five")]).await;
    let page = bench.get(of_stream("a")).await;
    assert_eq!(texts(&page), ["one", "two", "three", "four", "five"]);
    let times: Vec<_> = page.events.unwrap().iter().map(|e| e.timestamp.unwrap()).collect();
    assert_eq!(times, [10, 10, 10, 11, 11]);
}

#[tokio::test]
async fn no_text_is_in_clear_on_disk() {
    let bench = Bench::start();
    bench.write("a", (0..50).map(|n| (n, format!("very secret text {n}")))).await;
    bench.logs.settled(false).await.unwrap();
    let dir = bench.end().await;
    let mut files = 0;
    search(dir.path(), &mut |bytes| {
        files += 1;
        assert!(!bytes.windows(11).any(|window| window == b"very secret"));
    });
    assert!(files >= 2);
}

fn search(folder: &Path, look: &mut impl FnMut(&[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { search(&path, look) } else { look(&std::fs::read(path).unwrap()) }
    }
}

#[tokio::test]
async fn the_oldest_go_when_there_is_too_much() {
    let bench = Bench::bounded(tempfile::tempdir().unwrap(), 200_000);
    bench.write("idle", [(0, "first of all")]).await;
    bench.logs.settled(false).await.unwrap();
    for n in 0..100 {
        bench.write("busy", (0..10).map(|_| (n, format!("{n:0>1000}")))).await;
        bench.logs.settled(false).await.unwrap();
    }
    let check = async |bench: &Bench| {
        let events = bench.filter(of_group()).await;
        assert!((150..200).contains(&events.len()), "{}", events.len());
        assert!(events.iter().all(|e| e.1 == "busy"), "the idle stream's lines were the oldest");
        assert_eq!(events.last().unwrap().0, 99, "the newest are there");
        assert!(bench.logs.stream(AccountId::FIRST, GROUP, "idle").await.is_err(), "an empty stream goes");
        let stored = bench.logs.group(AccountId::FIRST, GROUP).await.unwrap().value.stored_bytes;
        assert_eq!(stored, events.len() as u64 * 1026);
    };
    check(&bench).await;
    let bench = Bench::bounded(bench.end().await, 200_000);
    bench.write("busy", [(99, format!("{:0>1000}", 0))]).await;
    check(&bench).await;
    bench.write("idle", [(99, "again")]).await;
    assert_eq!(texts(&bench.get(of_stream("idle")).await), ["again"]);
}

#[tokio::test]
async fn what_was_just_written_stays_however_small_the_bound() {
    let bench = Bench::bounded(tempfile::tempdir().unwrap(), 0);
    bench.write("a", [(1, "one")]).await;
    assert_eq!(texts(&bench.get(of_stream("a")).await), ["one"]);
    bench.write("a", [(2, "two")]).await;
    assert_eq!(texts(&bench.get(of_stream("a")).await), ["two"]);
}

#[test]
fn stored_forms_stay_readable() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let stream = StreamRecord {
        ordinal: 1,
        created: 1_700_000_000_000,
        first_event: 1_700_000_000_001,
        last_event: 1_700_000_000_002,
        last_ingestion: 1_700_000_000_100,
        events: 3,
    };
    let chunk = Chunk {
        ingested: 1_700_000_000_100,
        start: 1_700_000_000_001,
        number: 7,
        after: vec![0, 1],
        texts: vec!["START".to_owned(), "a \"text\"\t\u{1b}[0m".to_owned()],
    };
    store::golden::check(folder, &GroupRecord { created: 1_700_000_000_000, stored_bytes: 42, streams: 2 });
    store::golden::check(folder, &stream);
    store::golden::check(folder, &StreamByTime(stream));
    store::golden::check(folder, &chunk);
    store::golden::check(folder, &crate::logs::retention::example());
}
