//! Tenants share a machine: what one takes, memory or processor time, is missing to itself first.
//!
//! Invariant: each case is told with two tenants and with one, where the same load has the other outcome.

use std::time::{Duration, Instant};

use sandbox::Sandbox;

use super::life::first_line;
use super::{passed, result};
use crate::harness::{Bench, Verdict, finish, wait_until};

const TWO: [&str; 2] = ["111111111111", "222222222222"];
const ONE: [&str; 2] = [TWO[0]; 2];

/// Environments of the tenant that takes what there is.
const MANY: usize = 12;
/// What each of them takes, in MiB: all together more than a tenant may have. The other one's takes more than any of them, so
/// that it is the first that a lack would end, and less than a tenant leaves to others.
const SMALL: &str = "40";
const LARGE: &str = "48";

/// A tenant that fills its memory loses environments of its own, not the neighbour's large one.
pub(crate) fn memory(bench: &Bench) -> Verdict {
    if !bench.spawner.protections().has("memory-limit") {
        return Verdict::Skipped("there is no memory controller".to_owned());
    }
    assert!(!fill_beside_a_large_one(bench, TWO), "another tenant's environment was ended");
    assert!(fill_beside_a_large_one(bench, ONE), "one tenant's largest was not ended");
    passed()
}

/// Whether the large one was ended; at least one is.
fn fill_beside_a_large_one(bench: &Bench, [greedy, other]: [&str; 2]) -> bool {
    let large = keep(bench, other, LARGE);
    assert_eq!(first_line(&large), format!("kept {LARGE}\n"));
    let small: Vec<Sandbox> = (0..MANY).map(|_| keep(bench, greedy, SMALL)).collect();
    let deadline = Instant::now() + Duration::from_secs(30);
    let is_over = |sandbox: &Sandbox| wait_until(&sandbox.pidfd, Instant::now());
    while !is_over(&large) && !small.iter().any(is_over) {
        assert!(Instant::now() < deadline, "nobody was ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    // The kernel may be at it still.
    std::thread::sleep(Duration::from_millis(500));
    let ended = small.iter().filter(|sandbox| is_over(sandbox)).count();
    println!("    {ended} of {MANY} small ones were ended");
    assert_eq!(is_over(&large), large.oom_killed());
    assert!(small.iter().all(|sandbox| is_over(sandbox) == sandbox.oom_killed()));
    large.oom_killed()
}

fn keep(bench: &Bench, tenant: &str, mebibytes: &str) -> Sandbox {
    let mut spec = bench.spec(&["keep-memory", mebibytes]);
    tenant.clone_into(&mut spec.tenant);
    bench.spawner.create(&spec).expect("an environment")
}

const SPIN: Duration = Duration::from_millis(2000);
/// Until when all of them are made.
const HEAD_START: Duration = Duration::from_secs(3);

/// One environment has as much processor time as eight of another tenant's.
pub(crate) fn processor(bench: &Bench) -> Verdict {
    if !bench.spawner.protections().has("cpu-limit") {
        return Verdict::Skipped("there is no cpu controller".to_owned());
    }
    let (apart, together) = (part_of_one(bench, TWO), part_of_one(bench, ONE));
    println!("    one beside eight: {apart:.2}; of the same tenant: {together:.2}");
    assert!((0.35..0.65).contains(&apart), "{apart} of the processor time");
    assert!(together < 0.3, "{together} of the processor time");
    passed()
}

/// What one environment had of the processor time that it and eight others had. It may use half of the machine, and those
/// twice the machine.
fn part_of_one(bench: &Bench, [many, one]: [&str; 2]) -> f64 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let at = now() + HEAD_START;
    let start = |tenant: &str, share: usize| {
        let words = [at.as_millis(), SPIN.as_millis(), processors as u128].map(|number| number.to_string());
        let mut spec = bench.spec(&["spin-at", &words[0], &words[1], &words[2]]);
        tenant.clone_into(&mut spec.tenant);
        spec.limits.cpu_millis = share as u32;
        spec.limits.init_cpu_millis = share as u32;
        bench.spawner.create(&spec).expect("an environment")
    };
    let eight: Vec<Sandbox> = (0..8).map(|_| start(many, 250 * processors)).collect();
    let single = start(one, 500 * processors);
    assert!(now() < at, "the machine is too busy to make nine environments in {HEAD_START:?}");
    let used = |sandbox: &Sandbox| -> f64 { result(&finish(sandbox), "used-ms").parse().expect("a number") };
    let single = used(&single);
    single / (single + eight.iter().map(used).sum::<f64>())
}

/// By the clock that is the same inside.
fn now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
