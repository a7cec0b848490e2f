//! Starting with few and with many functions, and whether anybody waits for the sweep that follows.

use std::time::{Duration, Instant};

use super::account::name;
use super::{Account, Comparison};
use crate::bench::connection::Call;
use crate::bench::deploy;
use crate::bench::statistics::{Goal, median};

/// What the platform logs when a sweep has removed something, which it does at its end.
const SWEPT: &str = "removed code packages";
/// GetFunction requests of one look, at least; the slowest of more would be slower.
const REQUESTS: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(60);
/// Of a platform that has just been started, in megabytes.
const IDLE_MEMORY: Goal = Goal::AtMost(40.0);
/// In milliseconds.
const SLOWEST: Goal = Goal::AtMost(20.0);

impl Comparison {
    /// One restart of each.
    pub(super) async fn restarts(self, round: usize) -> Result<Self, String> {
        let Self { few, many, mut figures } = self;
        let (account_of_few, few) = restart(few, round).await?;
        let (account_of_many, many) = restart(many, round).await?;
        figures.add("start", "ms", many.start, Some(few.start), None);
        figures.add("sweep", "ms", many.sweep, Some(few.sweep), None);
        figures.add("GetFunction during the sweep, p50", "µs", many.during.0, Some(few.during.0), None);
        figures.add("GetFunction during the sweep, slowest", "ms", many.during.1, None, Some(SLOWEST));
        figures.add("GetFunction at rest, slowest", "ms", many.after.1, Some(few.after.1), None);
        figures.add("idle memory", "MB", many.memory, None, Some(IDLE_MEMORY));
        figures.add("idle memory with few functions", "MB", few.memory, None, None);
        Ok(Self { few: account_of_few, many: account_of_many, figures })
    }
}

/// What was seen; of GetFunction the median in microseconds and the slowest in milliseconds.
struct Restart {
    start: f64,
    sweep: f64,
    during: (f64, f64),
    after: (f64, f64),
    memory: f64,
}

/// Leaves the code of a deleted function behind, starts anew, and asks for functions while the platform sweeps.
async fn restart(account: Account, round: usize) -> Result<(Account, Restart), String> {
    let name = format!("gone{round}");
    deploy::ask(&mut account.connect().await?, account.creation(&name)).await?;
    account.each([deploy::deletion(&name)]).await?;
    let (account, start) = account.restart().await?;
    let swept = Instant::now();
    let mut during = Vec::new();
    while during.len() < REQUESTS || !account.log().contains(SWEPT) {
        during.extend(account.each(gets(account.functions, during.len())).await?);
        if swept.elapsed() > PATIENCE {
            return Err("nothing was swept".to_owned());
        }
    }
    let sweep = swept.elapsed().as_secs_f64() * 1e3;
    account.rest().await?;
    let memory = account.server.resident_megabytes();
    let mut after = Vec::new();
    while after.len() < during.len() {
        after.extend(account.each(gets(account.functions, after.len())).await?);
    }
    let seen = |latencies: &[f64]| (median(latencies), latencies.iter().copied().fold(0.0, f64::max) / 1e3);
    let start = start.as_secs_f64() * 1e3;
    let seen = Restart { start, sweep, during: seen(&during), after: seen(&after), memory };
    Ok((account, seen))
}

/// Some of them, another each time.
fn gets(functions: usize, from: usize) -> impl Iterator<Item = Call> {
    (from..from + 100).map(move |number| deploy::get(&name(number * 7919 % functions)))
}
