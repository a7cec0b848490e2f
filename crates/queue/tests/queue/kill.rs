//! `kill -9` at any moment loses nothing that was accepted and brings nothing back that was done with.
//!
//! The test starts its own executable again as a child that enqueues, takes, settles and forwards, and that writes into a
//! ledger, synced line by line, what it is about to do and what was answered. The child is killed at random, or ends
//! itself when a group of commands was applied and is not durable, or is durable and not answered. After each end every
//! message of the ledger is accounted for.

use crate::fixture::{fifo, standard};
use queue::{
    LaneName, Moment, NewMessage, Options, Outcome, Queue, Settled, SqliteEngine, TakeOptions, Taken,
};
use seal::{RootKey, Sealer};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use types::{Clock, Timestamp};

const ROUNDS: u64 = 24;
const TEST: &str = "kill::a_kill_loses_nothing_that_was_accepted";
/// Where the child finds its folder, which round it is, and how it ends; only the child has it.
const PLACE: &str = "QUEUE_KILL_TEST";

/// How a child ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Killed,
    BeforeDurable,
    BeforeAnswered,
}

impl End {
    const ALL: [Self; 3] = [Self::Killed, Self::BeforeDurable, Self::BeforeAnswered];

    fn of(round: u64) -> Self {
        Self::ALL[usize::try_from(round % 3).unwrap()]
    }

    fn moment(self) -> Option<Moment> {
        match self {
            Self::Killed => None,
            Self::BeforeDurable => Some(Moment::Applied),
            Self::BeforeAnswered => Some(Moment::Durable),
        }
    }
}

/// Each child's time goes on where it stood: no lease lapses but where the test says so.
struct Still(i64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(self.0)
    }
}

fn open(dir: &Path, round: u64, end: End, after: u64) -> Queue {
    let root = RootKey::load_or_create(&dir.join("root.key")).unwrap();
    let sealer = Arc::new(Sealer::new(root).unwrap());
    // Leases last one round, so that what the last child held comes back.
    let clock = Arc::new(Still(i64::try_from(round).unwrap() * 1000));
    Queue::open_with(sealer, clock, |key_id, observer| {
        let passed = AtomicU64::new(0);
        let watch = Box::new(move |moment| {
            if Some(moment) == end.moment() && passed.fetch_add(1, Ordering::Relaxed) == after {
                std::process::abort();
            }
        });
        let engine = SqliteEngine::open_with(
            &dir.join("queue.db"),
            key_id,
            observer,
            Options { watch, ..Options::default() },
        )?;
        Ok(Arc::new(engine) as Arc<dyn queue::engine::Engine>)
    })
    .unwrap()
}

fn lanes() -> [LaneName; 3] {
    [standard("work"), fifo("ordered"), standard("dead")]
}

/// What a child writes down: each line is on disk before the child goes on.
struct Ledger(Mutex<File>);

impl Ledger {
    fn note(&self, what: &str, number: u64) {
        let mut file = self.0.lock().unwrap();
        file.write_all(format!("{what} {number}\n").as_bytes()).unwrap();
        file.sync_data().unwrap();
    }
}

fn number(taken: &Taken) -> u64 {
    std::str::from_utf8(&taken.body).unwrap().parse().unwrap()
}

fn new(lane: &LaneName, number: u64, now: i64) -> NewMessage {
    let group = (lane.kind() == queue::LaneKind::Fifo).then(|| (number % 3).to_string());
    NewMessage { group, ..NewMessage::due_at(Timestamp(now), number.to_string()) }
}

async fn produce(queue: Arc<Queue>, ledger: Arc<Ledger>, next: Arc<AtomicU64>, now: i64) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let lane = &lanes()[usize::try_from(number % 2).unwrap()];
        ledger.note("send", number);
        queue.enqueue(lane, vec![new(lane, number, now)]).await.unwrap();
        ledger.note("sent", number);
    }
}

async fn consume(queue: Arc<Queue>, ledger: Arc<Ledger>, lane: LaneName, now: i64) {
    loop {
        let options = TakeOptions { max: 3, lease_until: Timestamp(now + 900), per_group: 2 };
        for taken in queue.take(&lane, options).await.unwrap() {
            let number = number(&taken);
            let (before, outcome, after) = match number % 5 {
                0 => {
                    let to = lanes()[2].clone();
                    let messages = vec![new(&to, number, now)];
                    ("forward", Outcome::Forward { to, messages }, "forwarded")
                }
                1 => ("retry", Outcome::Retry { due: Timestamp(now + 500) }, "retried"),
                _ => ("finish", Outcome::Done, "finished"),
            };
            ledger.note(before, number);
            let settled = queue.settle(vec![(taken.lease, outcome)]).await.unwrap();
            assert_eq!(settled, [Settled::Applied]);
            ledger.note(after, number);
        }
        tokio::task::yield_now().await;
    }
}

fn child(dir: &Path, round: u64) {
    let end = End::of(round);
    let file = OpenOptions::new().create(true).append(true).open(dir.join("ledger")).unwrap();
    let ledger = Arc::new(Ledger(Mutex::new(file)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let now = i64::try_from(round).unwrap() * 1000;
        let queue = Arc::new(open(dir, round, end, 5 + round * 7 % 40));
        let next = Arc::new(AtomicU64::new(round * 1_000_000 + 1));
        let mut tasks = Vec::new();
        for _ in 0..3 {
            tasks.push(tokio::spawn(produce(
                Arc::clone(&queue),
                Arc::clone(&ledger),
                Arc::clone(&next),
                now,
            )));
        }
        for lane in &lanes()[..2] {
            tasks.push(tokio::spawn(consume(Arc::clone(&queue), Arc::clone(&ledger), lane.clone(), now)));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a process that is killed must be another one")]
fn start_child(dir: &Path, round: u64) -> Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(PLACE, format!("{round} {}", dir.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a child work, and sees to its end.
fn run(dir: &Path, round: u64) {
    let mut child = start_child(dir, round);
    if End::of(round) == End::Killed {
        let lines = || std::fs::read_to_string(dir.join("ledger")).unwrap_or_default().lines().count();
        let enough = lines() + usize::try_from(20 + round * 13 % 60).unwrap();
        while lines() < enough {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    assert!(status.code().is_none(), "the child was to die of a signal: {status}");
}

/// The numbers of each kind of line. The last line may be cut.
fn read_ledger(dir: &Path) -> BTreeMap<String, BTreeSet<u64>> {
    let text = std::fs::read_to_string(dir.join("ledger")).unwrap();
    let mut kinds = BTreeMap::<String, BTreeSet<u64>>::new();
    for line in text.lines() {
        if let Some((kind, number)) = line.split_once(' ') {
            kinds.entry(kind.to_owned()).or_default().insert(number.parse().unwrap());
        }
    }
    kinds
}

/// Everything that waits in a lane, through a copy of the files, so that nothing is taken from the children.
async fn waiting(dir: &Path, lane: &LaneName) -> Vec<u64> {
    let copy = tempfile::tempdir().unwrap();
    for name in ["queue.db", "queue.db-wal", "root.key"] {
        std::fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    let queue = open(copy.path(), 1_000_000, End::Killed, 0);
    let options = TakeOptions { max: 1000, lease_until: Timestamp(i64::MAX), per_group: 1000 };
    let mut numbers = Vec::new();
    let counts = queue.counts(lane).await.unwrap();
    loop {
        let taken = queue.take(lane, options).await.unwrap();
        numbers.extend(taken.iter().map(number));
        if taken.is_empty() {
            assert_eq!(counts.messages(), numbers.len() as u64, "the counts of {lane}");
            return numbers;
        }
    }
}

async fn account(dir: &Path) -> usize {
    let ledger = read_ledger(dir);
    let of = |kind: &str| ledger.get(kind).cloned().unwrap_or_default();
    let mut places = BTreeMap::<u64, Vec<usize>>::new();
    for (place, lane) in lanes().iter().enumerate() {
        for number in waiting(dir, lane).await {
            places.entry(number).or_default().push(place);
        }
    }
    assert!(places.values().all(|places| places.len() == 1), "in two places: {places:?}");
    assert!(places.keys().all(|number| of("send").contains(number)), "from nowhere");
    let (finish, forward) = (of("finish"), of("forward"));
    for number in &of("sent") {
        let place = places.get(number).map(|places| places[0]);
        assert!(place.is_some() || finish.contains(number), "{number} was accepted and is lost");
        assert!(place != Some(2) || forward.contains(number), "{number} was never forwarded");
    }
    for number in &of("finished") {
        assert!(!places.contains_key(number), "{number} was done with and is back");
    }
    for number in &of("forwarded") {
        assert_eq!(places.get(number), Some(&vec![2]), "{number} was forwarded");
    }
    of("sent").len()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how the child is told from the test")]
fn a_kill_loses_nothing_that_was_accepted() {
    if let Ok(place) = std::env::var(PLACE) {
        let (round, dir) = place.split_once(' ').unwrap();
        return child(Path::new(dir), round.parse().unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut ends, mut accepted) = (BTreeMap::new(), 0);
    for round in 0..ROUNDS {
        run(dir.path(), round);
        *ends.entry(End::of(round)).or_insert(0) += 1;
        if round % 4 == 3 {
            accepted = runtime.block_on(account(dir.path()));
        }
    }
    eprintln!("{accepted} messages were accepted and all accounted for, through {ends:?}");
    assert!(accepted > 100, "{accepted}");
}
