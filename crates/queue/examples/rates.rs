//! How fast the queue is on this disk, beside a plain SQLite insert with the same durability: 1 KiB bodies.
//!
//! `cargo run --release -p queue --example rates [FOLDER] [SECONDS]`; the folder (a temporary one by default) says which
//! disk. Enqueueing alone is compared in rounds that take turns; the others are rates of the queue.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use queue::{LaneName, NewMessage, Outcome, Queue, QueueError, TakeOptions};
use rusqlite::{Connection, params};
use seal::{RootKey, Sealer};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use types::{Clock, Timestamp};

const ROUNDS: usize = 5;
const BODY: [u8; 1024] = [7; 1024];

/// Stands still: nothing here lapses.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }
}

fn message() -> NewMessage {
    NewMessage::due_at(Standing.now(), &BODY[..])
}

fn lane(number: usize) -> Result<LaneName, queue::LaneNameError> {
    LaneName::standard(format!("event/123456789012/function-{number}"))
}

/// Median of times, in microseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

fn plain(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    )?;
    Ok(connection)
}

fn plain_inserts(connection: &Connection, until: Instant) -> rusqlite::Result<Vec<Duration>> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let start = Instant::now();
        connection.prepare_cached("INSERT INTO messages (body) VALUES (?1)")?.execute(params![&BODY[..]])?;
        times.push(start.elapsed());
    }
    Ok(times)
}

async fn enqueues(queue: &Queue, lane: &LaneName, until: Instant) -> Result<Vec<Duration>, QueueError> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let start = Instant::now();
        queue.enqueue(lane, vec![message()]).await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// One client, in turns with plain inserts.
async fn alone(queue: &Queue, plain: &Connection, time: Duration) -> Result<(), Box<dyn Error>> {
    let lane = lane(0)?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let theirs = median(&mut plain_inserts(plain, Instant::now() + time)?);
        let ours = median(&mut enqueues(queue, &lane, Instant::now() + time).await?);
        println!("1 client: plain insert {theirs:6.1} µs, enqueue {ours:6.1} µs, ratio {:.2}", ours / theirs);
        ratios.push(ours / theirs);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "median of the ratios {:.2} ({:.2} to {:.2})",
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1]
    );
    Ok(())
}

async fn together(queue: &Arc<Queue>, clients: usize, time: Duration) -> Result<(), Box<dyn Error>> {
    let (start, until) = (Instant::now(), Instant::now() + time);
    let mut tasks = Vec::new();
    for client in 0..clients {
        let (queue, lane) = (Arc::clone(queue), lane(client % 4)?);
        tasks.push(tokio::spawn(async move { enqueues(&queue, &lane, until).await }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    println!("{clients:3} clients: {rate:8.0} enqueued/s, median {:7.1} µs", median(&mut times));
    Ok(())
}

async fn consume(queue: Arc<Queue>, lane: LaneName, max: usize) -> Result<usize, QueueError> {
    let options = TakeOptions { max, lease_until: Standing.now().plus(Duration::from_mins(1)), per_group: 1 };
    let mut all = 0;
    loop {
        let taken = queue.take(&lane, options).await?;
        if taken.is_empty() {
            return Ok(all);
        }
        all += taken.len();
        queue.settle(taken.into_iter().map(|one| (one.lease, Outcome::Done)).collect()).await?;
    }
}

async fn dequeue(queue: &Arc<Queue>, consumers: usize, max: usize) -> Result<(), Box<dyn Error>> {
    const EACH: usize = 20_000;
    for client in 0..4 {
        for _ in 0..EACH / 500 {
            queue.enqueue(&lane(client)?, vec![message(); 500]).await?;
        }
    }
    let start = Instant::now();
    let mut tasks = Vec::new();
    for consumer in 0..consumers {
        tasks.push(tokio::spawn(consume(Arc::clone(queue), lane(consumer % 4)?, max)));
    }
    let mut all = 0;
    for task in tasks {
        all += task.await??;
    }
    let rate = all as f64 / start.elapsed().as_secs_f64();
    println!("{consumers:3} consumers, batches of {max:2}: {rate:8.0} taken and done/s");
    for client in 0..4 {
        queue.purge(&lane(client)?).await?;
    }
    Ok(())
}

async fn run(dir: &Path, time: Duration) -> Result<(), Box<dyn Error>> {
    let sealer = Arc::new(Sealer::new(RootKey::generate()?)?);
    let queue = Arc::new(Queue::open(&dir.join("queue.db"), sealer, Arc::new(Standing))?);
    let plain = plain(&dir.join("plain.db"))?;
    alone(&queue, &plain, time).await?;
    for clients in [8, 64] {
        for _ in 0..3 {
            together(&queue, clients, time * 2).await?;
        }
    }
    for client in 0..4 {
        queue.purge(&lane(client)?).await?;
    }
    for (consumers, max) in [(1, 10), (4, 10), (4, 50), (8, 10)] {
        dequeue(&queue, consumers, max).await?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let mut arguments = std::env::args_os().skip(1);
    let dir = arguments.next().map_or_else(|| temporary.path().to_owned(), Into::into);
    let seconds = arguments.next().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(1.0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(&dir, Duration::from_secs_f64(seconds)))
}
