//! What calls cost in an account with 10 functions and in one with 100,000, and what starting and sweeping cost then:
//! `cargo run --release -p control --example many_functions`. Ends with an error where a call costs more than a fifth more.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program whose output is its purpose")]

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::Transaction;
use store::records::FunctionRecord;
use testkit::{Platform, Setup};
use types::{AccountId, FunctionName};

const MANY: usize = 100_000;
const BATCH: usize = 900;
/// Calls of each kind. The one that counts is faster than nine in ten, so that what others do to the machine shows less.
const CALLS: usize = 300;

/// Copies of the function `model`, in transactions of their own.
async fn fill(platform: &Platform, model: &FunctionRecord, numbers: std::ops::Range<usize>) {
    let numbers: Vec<usize> = numbers.collect();
    for batch in numbers.chunks(BATCH) {
        let mut transaction = Transaction::new();
        for number in batch {
            let name: FunctionName = format!("f{number:06}").parse().expect("a name");
            let key = FunctionRecord::place(AccountId::FIRST, &name).expect("a key");
            transaction.insert(&key, &FunctionRecord { name, ..model.clone() });
        }
        platform.store.commit(transaction).await.expect("the functions are stored");
    }
}

/// What one call costs on each of two platforms, called in turn, so that both see the same machine.
async fn costs(both: [&Platform; 2], mut call: impl AsyncFnMut(&Platform, usize)) -> [Duration; 2] {
    let mut times = [Vec::with_capacity(CALLS), Vec::with_capacity(CALLS)];
    for number in 0..CALLS {
        for (platform, times) in both.iter().zip(&mut times) {
            let began = Instant::now();
            call(platform, number).await;
            times.push(began.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[CALLS / 10]
    })
}

/// A page, the page after it, a page of all versions, a function, a creation, and the deletion of what it made.
async fn measure(both: [&Platform; 2]) -> Vec<(&'static str, [Duration; 2])> {
    let page = both[0].list("MaxItems=5").await.ok().json();
    let next = format!("MaxItems=5&Marker={}", page["NextMarker"].as_str().expect("there is more"));
    let mut costs_of = Vec::new();
    for (name, query) in [
        ("ListFunctions", "MaxItems=5"),
        ("ListFunctions, next page", &next),
        ("ListFunctions, ALL", "FunctionVersion=ALL&MaxItems=5"),
    ] {
        let list = costs(both, async |platform, _| drop(platform.list(query).await.ok())).await;
        costs_of.push((name, list));
    }
    let get = costs(both, async |platform, _| drop(platform.get("f000007").await.ok())).await;
    let create = costs(both, async |p, n| drop(p.create(request(p, n)).await.ok())).await;
    let delete = costs(both, async |p, n| drop(p.delete(&format!("new{n}")).await.ok())).await;
    costs_of.extend([("GetFunction", get), ("CreateFunction", create), ("DeleteFunction", delete)]);
    costs_of
}

fn request(platform: &Platform, number: usize) -> Value {
    let mut request = platform.minimal(&format!("new{number}"));
    request["Publish"] = json!(true);
    request
}

/// Of this process, in MB.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|kb| kb.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// A platform with this many functions, all made of the code of one more.
async fn filled(functions: usize) -> Platform {
    let platform = Platform::start().await;
    platform.create(platform.minimal("model")).await.ok();
    platform.settled("model").await;
    let model = platform.functions().await.remove(0);
    fill(&platform, &model, 0..functions).await;
    platform
}

async fn run() -> Result<(), String> {
    let few = filled(10).await;
    println!("resident with 11 functions: {} MB", resident_mb());
    let many = filled(MANY).await;
    println!("resident after {MANY} more were stored: {} MB", resident_mb());
    let began = Instant::now();
    let many = many.restart(Setup { seed: 2, ..Setup::default() }).await;
    let (functions, _) = many.usage().await;
    println!(
        "start, which counts {functions} functions: {:?}, resident {} MB",
        began.elapsed(),
        resident_mb()
    );
    let measured = measure([&few, &many]).await;
    let (sweep, during) = tokio::join!(sweep(&many), get(&many));
    println!("sweep: {sweep:?}, resident {} MB; GetFunction while it runs: {during:?}", resident_mb());
    let mut dear = Vec::new();
    for (name, [few, many]) in measured {
        let ratio = many.as_secs_f64() / few.as_secs_f64();
        println!("{name}: {few:?} with 11, {many:?} with {functions}: x{ratio:.2}");
        if ratio > 1.2 {
            dear.push(name);
        }
    }
    if dear.is_empty() {
        Ok(())
    } else {
        Err(format!("these cost more than a fifth more: {}", dear.join(", ")))
    }
}

async fn sweep(platform: &Platform) -> Duration {
    let began = Instant::now();
    platform.sweep().await;
    began.elapsed()
}

/// The slowest of a hundred.
async fn get(platform: &Platform) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..100 {
        let began = Instant::now();
        platform.get("f000007").await.ok();
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

fn main() -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(run())
}
