//! How many commits a second this machine makes durable, alone and with many writers, and what a store weighs.
//!
//! `cargo run --release -p store --example throughput [FOLDER]`; the folder (a temporary one by default) says which disk.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use seal::{RootKey, Sealer};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::{Key, Record, Store, Transaction};

const TIME: Duration = Duration::from_secs(3);

#[derive(Serialize, Deserialize)]
struct Payload(String);

impl Record for Payload {
    const TABLE: &'static str = "payloads";
    const VERSION: u16 = 1;
}

async fn write(store: Arc<Store>, next: Arc<AtomicU64>, until: Instant) -> Result<u64, store::StoreError> {
    let payload = Payload("x".repeat(1000));
    let mut commits = 0;
    while Instant::now() < until {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut transaction = Transaction::new();
        transaction.insert(&Key::of([format!("{number:016}")])?, &payload).append("audit", &number);
        store.commit(transaction).await?;
        commits += 1;
    }
    Ok(commits)
}

async fn measure(store: &Arc<Store>, next: &Arc<AtomicU64>, writers: usize) -> Result<(), Box<dyn Error>> {
    let (start, until) = (Instant::now(), Instant::now() + TIME);
    let tasks: Vec<_> =
        (0..writers).map(|_| tokio::spawn(write(Arc::clone(store), Arc::clone(next), until))).collect();
    let mut commits = 0;
    for task in tasks {
        commits += task.await??;
    }
    let rate = commits as f64 / start.elapsed().as_secs_f64();
    println!("{writers:3} writers: {rate:8.0} commits/s");
    Ok(())
}

async fn measure_reads(store: &Store) -> Result<(), store::StoreError> {
    let (start, mut reads) = (Instant::now(), 0u32);
    let key = Key::of([format!("{:016}", 0)])?;
    while start.elapsed() < TIME / 3 {
        store.get::<Payload>(&key).await?;
        reads += 1;
    }
    println!("one reader: {:8.0} reads/s", f64::from(reads) / start.elapsed().as_secs_f64());
    Ok(())
}

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

async fn run(dir: &Path) -> Result<(), Box<dyn Error>> {
    println!("before: {:?} KiB resident", resident_kib());
    let store = Arc::new(Store::open(dir, Arc::new(Sealer::new(RootKey::generate()?)?))?);
    println!("opened: {:?} KiB resident", resident_kib());
    let next = Arc::default();
    for writers in [1, 8, 64] {
        measure(&store, &next, writers).await?;
    }
    measure_reads(&store).await?;
    println!("after:  {:?} KiB resident", resident_kib());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let dir = std::env::args_os().nth(1).map_or_else(|| temporary.path().to_owned(), Into::into);
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?.block_on(run(&dir))
}
