//! Taking more than was given ends where it should: what the attacks of the crate don't show, which have the bombs.

use super::life::first_line;
use super::{passed, result};
use crate::harness::{ALL_MEMORY, Bench, FRUGAL_DESCRIPTORS, Verdict, finish};

/// The kernel counts them for the user, who in rootless mode is the platform too: it must be able to send its own.
pub(crate) fn descriptors_in_flight(bench: &Bench) -> Verdict {
    let mut spec = bench.spec(&["descriptors-in-flight"]);
    // Enough for its own to be too many, whatever others of the user have in flight, where this is run by a plain user.
    spec.limits.open_files = 4 * FRUGAL_DESCRIPTORS as u32;
    let bomb = bench.spawner.create(&spec).expect("an environment");
    let line = first_line(&bomb);
    let count: u64 = line.split(' ').nth(1).and_then(|count| count.parse().ok()).expect("a number");
    assert!(line.ends_with("ETOOMANYREFS\n"), "{line}");
    assert!(count > FRUGAL_DESCRIPTORS, "more than a platform may send that nobody saw to: {line}");
    assert_eq!(bench.run(&["exit", "3"]).status, Some(3 << 8));
    passed()
}

/// The limit is memory and /tmp together; what is written to /tmp is not counted as the function's memory.
pub(crate) fn tmp_memory(bench: &Bench) -> Verdict {
    let mut spec = bench.spec(&["fill-tmp", "96"]);
    spec.limits.tmp_bytes = 96 << 20;
    let sandbox = bench.spawner.create(&spec).expect("an environment");
    let ended = finish(&sandbox);
    assert_eq!(result(&ended, "mebibytes"), "96");
    assert!(!sandbox.oom_killed());
    let memory = sandbox.memory().expect("a memory cgroup");
    assert!(memory.anonymous_and_kernel < 32 << 20, "{memory:?}");
    assert!(memory.peak.is_some_and(|peak| peak > 90 << 20), "{memory:?}");
    passed()
}

/// Each share in thousandths of a processor, with the threads that could use more: 128, 885, 1,769 and 3,538 MB.
const SHARES: [(u32, usize); 4] = [(72, 2), (500, 2), (1000, 2), (2000, 3)];
const SPIN_MS: u64 = 1500;

/// What is used is what was given, from the moment on at which it was: also by a function that never stops.
pub(crate) fn processor(bench: &Bench) -> Verdict {
    if !bench.spawner.protections().has("cpu-limit") {
        return Verdict::Skipped("there is no cpu controller".to_owned());
    }
    // What the machine has left for environments just now.
    let most = spin(bench, 4000, 4);
    for (share, threads) in SHARES {
        let used = spin(bench, share, threads);
        // A period's burst and a period that is begun come on top.
        let fair = u64::from(share) * SPIN_MS / 1000;
        println!("    {share} thousandths: {used} ms of processor time in {SPIN_MS} ms");
        assert!(used <= fair + fair / 4 + u64::from(share) / 5, "{used} ms with {share}");
        assert!(used >= fair.min(most) / 4, "{used} ms with {share}, and of {most}");
    }
    passed()
}

fn spin(bench: &Bench, share: u32, threads: usize) -> u64 {
    let mut spec = bench.spec(&["spin", &SPIN_MS.to_string(), &threads.to_string()]);
    (spec.limits.cpu_millis, spec.limits.init_cpu_millis) = (share, share.max(1000));
    let sandbox = bench.spawner.create(&spec).expect("an environment");
    sandbox.set_cpu(share).expect("its share");
    let ended = finish(&sandbox);
    result(&ended, "used-ms").parse().expect("a number")
}

/// Before its share is set, an environment has a whole processor, and less than its share it is never given.
pub(crate) fn processor_at_first(bench: &Bench) -> Verdict {
    if !bench.spawner.protections().has("cpu-limit") {
        return Verdict::Skipped("there is no cpu controller".to_owned());
    }
    let used = || -> u64 {
        let mut spec = bench.spec(&["spin", "500", "1"]);
        (spec.limits.cpu_millis, spec.limits.init_cpu_millis) = (72, 1000);
        let ended = finish(&bench.spawner.create(&spec).expect("an environment"));
        result(&ended, "used-ms").parse().expect("a number")
    };
    // A busy machine has not always as much to give as would show it.
    assert!((0..30).any(|_| used() > 72), "30 times no more of 500 ms than the share of later");
    passed()
}

/// What is lacking to all together kills one that used much, and is no other's end: that the kernel tells each of it does not
/// count.
pub(crate) fn memory_of_all(bench: &Bench) -> Verdict {
    let bystander = bench.start(&["sleep"]);
    let mut spec = bench.spec(&["fill-tmp", "1024"]);
    // Its own limit is far away.
    (spec.limits.memory_bytes, spec.limits.tmp_bytes) = (ALL_MEMORY, ALL_MEMORY * 2);
    let greedy = bench.spawner.create(&spec).expect("an environment");
    let ended = finish(&greedy);
    assert!(!ended.output.contains("mebibytes"), "{ended:?}");
    assert!(greedy.oom_killed());
    assert!(!bystander.oom_killed());
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(
        !crate::harness::wait_until(&bystander.pidfd, std::time::Instant::now()),
        "the bystander died too"
    );
    passed()
}
