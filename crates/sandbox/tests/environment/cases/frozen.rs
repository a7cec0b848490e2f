//! Environments that stand still between invocations.
//!
//! Where no freezer is in force (rootless without delegation), each case asserts that this is said, and that nothing is frozen.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use sandbox::{Sandbox, SandboxSpec};

use super::life::first_line;
use super::passed;
use crate::harness::{Bench, Verdict, finish, wait_until};
use crate::host::{PATIENCE, eventually, processes_with};

/// Long enough for a process that counts each millisecond.
const WHILE: Duration = Duration::from_millis(300);

/// One that talks.
struct Talking {
    sandbox: Sandbox,
    reader: BufReader<UnixStream>,
}

impl Talking {
    fn over(mut sandbox: Sandbox) -> Self {
        let channel = sandbox.channel.take().expect("a channel");
        channel.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        assert_eq!(first_line(&sandbox), "ready ok\n");
        Self { sandbox, reader: BufReader::new(channel) }
    }

    fn ask(&mut self) {
        self.reader.get_mut().write_all(b"x").expect("ask");
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("an answer");
        line.trim().to_owned()
    }

    fn is_silent(&self) -> bool {
        !wait_until(self.reader.get_ref(), Instant::now() + WHILE)
    }

    /// The daemon's count and the thread's.
    fn counts(&mut self) -> [u64; 2] {
        self.ask();
        let line = self.hear();
        let (daemon, thread) = line.split_once(' ').expect("two numbers");
        [daemon.parse().expect("a number"), thread.parse().expect("a number")]
    }
}

fn talking(bench: &Bench, words: &[&str]) -> Talking {
    let spec = SandboxSpec { channel: true, ..bench.spec(words) };
    Talking::over(bench.spawner.create(&spec).expect("an environment"))
}

/// Where there is no freezer: it says so, and nothing happens.
fn freezes(bench: &Bench, sandbox: &Sandbox) -> bool {
    let list = &bench.spawner.protections().list;
    let freezer = list.iter().find(|protection| protection.name == "freezer").expect("it is listed");
    assert_eq!(sandbox.freeze().expect("it is asked for"), freezer.in_force, "{}", freezer.why);
    assert!(freezer.in_force || freezer.why.contains("cgroup"), "{}", freezer.why);
    assert!(freezer.in_force || !bench.is_privileged(), "{}", freezer.why);
    freezer.in_force
}

fn mark(bench: &Bench, what: &str) -> String {
    format!("{what}-{}-{}", std::process::id(), bench.is_privileged())
}

/// Processor time of these processes in clock ticks, and how often they were switched to.
fn activity(pids: &[i32]) -> Vec<(String, String)> {
    let read = |path: String| std::fs::read_to_string(path).expect("a process");
    let of = |pid: &i32| {
        let switches = |text: &str| {
            text.lines().filter(|line| line.contains("ctxt_switches")).collect::<Vec<_>>().join(" ")
        };
        let stat = read(format!("/proc/{pid}/stat"));
        let times: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("its threads").flatten();
        let all = threads.map(|thread| {
            switches(&std::fs::read_to_string(thread.path().join("status")).expect("a thread"))
        });
        (times[11..13].join(" "), all.collect::<Vec<_>>().join(", "))
    };
    pids.iter().map(of).collect()
}

pub(crate) fn no_progress(bench: &Bench) -> Verdict {
    let mark = mark(bench, "restless");
    let mut restless = talking(bench, &["restless", &mark]);
    let before = restless.counts();
    // What is between the two is gone a moment after the first word.
    assert!(eventually(|| processes_with(&mark).len() == 2), "the program and its daemon");
    if !freezes(bench, &restless.sandbox) {
        return passed();
    }
    let pids = processes_with(&mark);
    assert_eq!(pids.len(), 2, "the program and its daemon");
    // They stop by themselves, a moment later.
    assert!(eventually(|| {
        let now = activity(&pids);
        std::thread::sleep(Duration::from_millis(20));
        activity(&pids) == now
    }));
    let still = activity(&pids);
    restless.ask();
    assert!(restless.is_silent());
    assert_eq!(activity(&pids), still, "no thread of either ran for a moment");
    assert!(restless.sandbox.memory().is_some(), "what it uses can be read nevertheless");
    restless.sandbox.thaw().expect("thaw");
    let line = restless.hear();
    // What it missed it does not make up for.
    let after = restless.counts();
    std::thread::sleep(WHILE);
    let later = restless.counts();
    for (before, after, later) in [(before[0], after[0], later[0]), (before[1], after[1], later[1])] {
        assert!(after - before < 250, "{before} before, {after} right after, {line}");
        assert!(later - after > 20, "{after} right after, {later} later");
    }
    passed()
}

#[cfg(not(feature = "weaken"))]
pub(crate) fn weak(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `weaken`".to_owned())
}

/// Without the freezer the same program counts on.
#[cfg(feature = "weaken")]
pub(crate) fn weak(bench: &Bench) -> Verdict {
    let spec = SandboxSpec { channel: true, ..bench.spec(&["restless"]) };
    let sandbox = bench.spawner.create_weakened(&spec, &[sandbox::Layer::Freezer]);
    let mut restless = Talking::over(sandbox.expect("a weakened environment"));
    let before = restless.counts();
    assert!(!restless.sandbox.freeze().expect("it is asked for"));
    std::thread::sleep(WHILE);
    let after = restless.counts();
    assert!(after[0] - before[0] > 20 && after[1] - before[1] > 20, "{before:?} before, {after:?} after");
    passed()
}

/// The monotonic clock goes on, as it does for a process that is stopped.
pub(crate) fn timers(bench: &Bench) -> Verdict {
    let mut sleeper = talking(bench, &["sleeper"]);
    sleeper.ask();
    assert_eq!(sleeper.hear(), "asleep");
    let start = Instant::now();
    if !freezes(bench, &sleeper.sandbox) {
        assert!(sleeper.hear().parse::<u128>().expect("a number") >= 200);
        return passed();
    }
    std::thread::sleep(Duration::from_secs(1));
    sleeper.sandbox.thaw().expect("thaw");
    let took: u128 = sleeper.hear().parse().expect("a number");
    let whole = start.elapsed().as_millis();
    assert!((1000..=whole + 50).contains(&took), "200 ms took {took} of {whole} ms");
    passed()
}

/// Daemons, those that left the session, those that are stopped and those that ignore SIGTERM too.
pub(crate) fn killed(bench: &Bench) -> Verdict {
    for (words, count) in [("daemon", 2), ("stubborn", 1), ("restless", 2)] {
        for dropped in [false, true] {
            let mark = mark(bench, words);
            let spec = SandboxSpec { channel: true, ..bench.spec(&[words, &mark]) };
            let sandbox = bench.spawner.create(&spec).expect("an environment");
            assert!(first_line(&sandbox).ends_with(" ok\n"));
            assert!(eventually(|| processes_with(&mark).len() == count), "{:?}", processes_with(&mark));
            freezes(bench, &sandbox);
            std::thread::sleep(Duration::from_millis(20));
            if dropped {
                drop(sandbox);
                assert_eq!(processes_with(&mark), Vec::<i32>::new());
            } else {
                sandbox.kill();
                assert!(wait_until(&sandbox.pidfd, Instant::now() + PATIENCE));
                assert!(eventually(|| processes_with(&mark).is_empty()));
            }
        }
    }
    passed()
}

pub(crate) fn terminated(bench: &Bench) -> Verdict {
    let sandbox = bench.start(&["sleep"]);
    freezes(bench, &sandbox);
    std::thread::sleep(Duration::from_millis(20));
    sandbox.terminate();
    assert_eq!(finish(&sandbox).status, Some(libc::SIGTERM));
    passed()
}
