//! `kill -9` at any moment loses nothing that was acknowledged and leaves nothing half done.
//!
//! The test starts its own executable again as a child that commits and prints the numbers that were acknowledged, kills
//! it after some of them, and looks at what it left, thirty times over one data directory.

use crate::fixture::{Note, key};
use bytes::Bytes;
use seal::{RootKey, Sealer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{BlobId, Prefix, Record, Store, Transaction};

const ROUNDS: u64 = 30;
const TEST: &str = "crash::a_kill_loses_nothing_that_was_acknowledged";
/// Where the child finds its data directory; only the child has it.
const PLACE: &str = "STORE_CRASH_TEST_DIR";

#[derive(Debug, Serialize, Deserialize)]
struct Numbered {
    number: u64,
    blob: Option<BlobId>,
}

impl Record for Numbered {
    const TABLE: &'static str = "numbered";
    const VERSION: u16 = 1;
}

fn open(dir: &Path) -> Store {
    let root = RootKey::load_or_create(&dir.join("root.key")).unwrap();
    Store::open(&dir.join("data"), Arc::new(Sealer::new(root).unwrap())).unwrap()
}

/// Commits until it is killed, eight at a time.
fn child(dir: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(open(dir));
        let last = store.scan_reverse::<Numbered>(&Prefix::all(), None, 1).await.unwrap();
        let next = Arc::new(AtomicU64::new(last.first().map_or(0, |last| last.value.number) + 1000));
        let writers: Vec<_> =
            (0..8).map(|_| tokio::spawn(write_forever(Arc::clone(&store), Arc::clone(&next)))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write_forever(store: Arc<Store>, next: Arc<AtomicU64>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut transaction = Transaction::new();
        let mut blob = None;
        if number.is_multiple_of(8) {
            let fresh = store.blobs().put(Bytes::from(number.to_string().repeat(5000))).await.unwrap();
            blob = Some(fresh.id());
            transaction.hold(fresh);
        }
        let name = key(&format!("{number:012}"));
        transaction.append("numbers", &number).insert(&name, &Numbered { number, blob });
        transaction.put(&key("latest"), &Note { text: number.to_string() });
        store.commit(transaction).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {number}").and_then(|()| out.flush()).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a process that is killed must be another one")]
fn start_child(dir: &Path) -> Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(PLACE, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets the child acknowledge so many numbers, kills it, and gives all that it acknowledged.
fn run_and_kill(dir: &Path, enough: usize) -> Vec<u64> {
    let mut child = start_child(dir);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        // The last line may be cut by the kill.
        let line = line.unwrap();
        let number: Option<u64> = line.strip_prefix("acknowledged ").and_then(|number| number.parse().ok());
        acknowledged.extend(number);
        if acknowledged.len() == enough {
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && status.code().is_none(), "the child was not killed: {status}");
    acknowledged
}

async fn check(dir: &Path, acknowledged: &BTreeSet<u64>) {
    let store = open(dir);
    let kept = store.scan::<Numbered>(&Prefix::all(), None, usize::MAX).await.unwrap();
    let numbers: BTreeSet<u64> = kept.iter().map(|stored| stored.value.number).collect();
    let lost: Vec<_> = acknowledged.difference(&numbers).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");

    let log = store.read_log::<u64>("numbers", 0, usize::MAX).await.unwrap();
    assert!(log.iter().zip(1..).all(|((position, _), expected)| *position == expected));
    assert!(log.iter().map(|(_, number)| *number).collect::<BTreeSet<_>>() == numbers, "half a transaction");

    let mut revisions: Vec<_> = kept.iter().map(|stored| stored.revision).collect();
    revisions.sort_unstable();
    assert!(revisions.windows(2).all(|pair| pair[0] < pair[1]), "a commit number was used twice");
    for stored in kept.iter().rev().take(300) {
        if let Some(id) = stored.value.blob {
            let bytes = store.blobs().get(id).await.unwrap();
            assert!(bytes == stored.value.number.to_string().repeat(5000));
        }
    }
    assert_eq!(std::fs::read_dir(dir.join("data/blobs/new")).unwrap().count(), 0);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how the child is told from the test")]
fn a_kill_loses_nothing_that_was_acknowledged() {
    if let Some(dir) = std::env::var_os(PLACE) {
        return child(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let enough = usize::try_from(round * 37 % 90).unwrap() + 1;
        acknowledged.extend(run_and_kill(dir.path(), enough));
        runtime.block_on(check(dir.path(), &acknowledged));
    }
    assert!(acknowledged.len() >= 30);
}
