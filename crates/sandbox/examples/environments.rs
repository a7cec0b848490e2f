//! Makes and destroys environments: how long each takes, and whether anything is left of ten thousand.
//!
//! `environments cost COUNT PROGRAM` prints a line for each: microseconds until the program was executed, until its first word
//! was here, and until the last of its processes was gone. `environments soak COUNT PROGRAM` prints what there was before and
//! after, and the medians of early and late creations; it fails where they differ. PROGRAM is a static one that says a word and ends.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program whose output is its purpose")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use sandbox::{Egress, Limits, Sandbox, SandboxSpec, Spawner, SpawnerOptions, TreeName};

/// How much slower the last five hundred may be than numbers 500 to 1,000.
const SLOWER: f64 = 1.2;
/// Memory that the spawner may keep: what its allocator holds back, not what environments leave.
const SLACK_KB: u64 = 1024;

fn main() -> ExitCode {
    if let Some(code) = sandbox::run_if_spawner() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, count, program] = arguments.as_slice() else { return usage() };
    let Ok(count) = count.parse() else { return usage() };
    let shop = Shop::open(Path::new(program));
    let is_good = match what.as_str() {
        "cost" => shop.cost(count),
        "soak" => shop.soak(count),
        _ => return usage(),
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    println!("environments cost|soak COUNT PROGRAM");
    ExitCode::from(2)
}

/// A spawner, and a root with the program.
struct Shop {
    spawner: Spawner,
    root: tempfile::TempDir,
    code: TreeName,
    name: String,
}

impl Shop {
    fn open(program: &Path) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("open the root");
        for directory in ["dev", "proc", "tmp", "var/task", "opt", "etc", "bin"] {
            fs::create_dir_all(root.path().join(directory)).expect("make a directory");
        }
        fs::write(root.path().join("etc/passwd"), "").expect("write etc/passwd");
        fs::copy(program, root.path().join("bin/program")).expect("copy the program");
        let name = format!("lambent-example-{}", std::process::id());
        let spawner = Spawner::start(SpawnerOptions {
            name: name.clone(),
            staging_bytes: 64 << 20,
            memory_bytes: 4 << 30,
            uid_base: 1_900_000_000,
            uid_count: 16,
            egress: None,
        });
        let spawner = spawner.expect("the spawner starts");
        let digits = "a".repeat(64);
        let mode = rustix::fs::Mode::from_raw_mode(0o755);
        rustix::fs::mkdirat(spawner.staging(), &digits, mode).expect("a code tree");
        Self { spawner, root, code: TreeName::parse(&digits).expect("a name"), name }
    }

    fn spec(&self, number: usize) -> SandboxSpec {
        SandboxSpec {
            id: format!("{number:032x}"),
            tenant: "0".repeat(12),
            root: self.root.path().to_owned(),
            code: self.code.clone(),
            layers: Vec::new(),
            channel: true,
            argv: vec!["/bin/program".to_owned()],
            env: Vec::new(),
            cwd: "/var/task".to_owned(),
            hostname: "environment".to_owned(),
            egress: Egress::None,
            limits: Limits {
                memory_bytes: 128 << 20,
                tmp_bytes: 512 << 20,
                tmp_inodes: 32_768,
                pids: 1025,
                cpu_millis: 1000,
                init_cpu_millis: 1000,
                open_files: 1024,
            },
        }
    }

    fn make(&self, number: usize) -> Life {
        let spec = self.spec(number);
        let began = Instant::now();
        let sandbox = self.spawner.create(&spec).expect("an environment");
        let created = began.elapsed();
        let read = rustix::io::read(&sandbox.output, &mut [0; 8]).expect("the program's word");
        assert!(read > 0, "the program said nothing");
        let said = began.elapsed();
        wait_for_end(&sandbox);
        Life { created, said, ended: began.elapsed() }
    }

    fn cost(&self, count: usize) -> bool {
        for number in 0..count {
            let Life { created, said, ended } = self.make(number);
            println!("{:.1} {:.1} {:.1}", micros(created), micros(said), micros(ended));
        }
        true
    }

    fn soak(&self, count: usize) -> bool {
        // What is made once and kept is there after the first few.
        for number in 0..200 {
            self.make(number);
        }
        let before = self.settled();
        let created: Vec<f64> = (0..count).map(|number| micros(self.make(1000 + number).created)).collect();
        let after = self.settled();
        println!("{before}\n{after}");
        let early = median(created.get(500..1000).unwrap_or(&created));
        let late = median(&created[created.len().saturating_sub(500)..]);
        println!("median creation: numbers 500 to 1,000 {early:.0} µs, the last 500 {late:.0} µs");
        before.is_like(&after) && late <= early * SLOWER
    }

    /// The counts, once the kernel has done what it does later.
    fn settled(&self) -> Counts {
        std::thread::sleep(Duration::from_secs(1));
        Counts::take(pid_of(&self.spawner), &self.name)
    }
}

fn wait_for_end(sandbox: &Sandbox) {
    let timeout = Timespec { tv_sec: 10, tv_nsec: 0 };
    let mut fds = [PollFd::new(&sandbox.pidfd, PollFlags::IN)];
    let ready = rustix::event::poll(&mut fds, Some(&timeout)).expect("wait");
    assert!(ready > 0, "the program did not end");
}

/// How long an environment took: until the program was executed, until its word was here, until all of its processes were gone.
struct Life {
    created: Duration,
    said: Duration,
    ended: Duration,
}

/// What there is at one moment.
struct Counts {
    spawner_descriptors: usize,
    own_descriptors: usize,
    mounts_of_spawner: usize,
    mounts_of_host: usize,
    groups: usize,
    processes: usize,
    namespaces: usize,
    spawner_kb: u64,
}

impl Counts {
    fn take(spawner: i32, name: &str) -> Self {
        let entries = |path: String| fs::read_dir(path).map_or(0, Iterator::count);
        let lines = |path: String| fs::read_to_string(path).map_or(0, |text| text.lines().count());
        Self {
            spawner_descriptors: entries(format!("/proc/{spawner}/fd")),
            own_descriptors: entries("/proc/self/fd".to_owned()),
            mounts_of_spawner: lines(format!("/proc/{spawner}/mountinfo")),
            mounts_of_host: lines("/proc/self/mountinfo".to_owned()),
            groups: groups_below(name),
            processes: below(spawner).len() - 1,
            namespaces: namespaces(spawner),
            spawner_kb: resident_kb(spawner),
        }
    }

    fn is_like(&self, after: &Self) -> bool {
        let counted = |counts: &Self| {
            [
                counts.spawner_descriptors,
                counts.own_descriptors,
                counts.mounts_of_spawner,
                counts.mounts_of_host,
                counts.groups,
                counts.processes,
                counts.namespaces,
            ]
        };
        counted(self) == counted(after) && after.spawner_kb <= self.spawner_kb + SLACK_KB
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "descriptors of the spawner {}, of this process {}; mounts of the spawner {}, of the host {}; cgroups {}; processes \
             below the spawner {}; namespaces {}; resident memory of the spawner {} kB",
            self.spawner_descriptors,
            self.own_descriptors,
            self.mounts_of_spawner,
            self.mounts_of_host,
            self.groups,
            self.processes,
            self.namespaces,
            self.spawner_kb
        )
    }
}

/// Groups below the spawner's own, in every hierarchy.
fn groups_below(name: &str) -> usize {
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut count = 0;
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                count += usize::from(entry.path().components().any(|part| part.as_os_str() == name));
                open.push(entry.path());
            }
        }
    }
    count
}

/// Those that the spawner or a process below it is in, or holds open: a namespace that nobody is in or holds is gone.
fn namespaces(spawner: i32) -> usize {
    let mut found = BTreeSet::new();
    for pid in below(spawner) {
        for folder in ["ns", "fd"] {
            let entries = fs::read_dir(format!("/proc/{pid}/{folder}"));
            let links =
                entries.into_iter().flatten().flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
            found.extend(links.filter(|link| link.to_string_lossy().contains(":[")));
        }
    }
    // Pipes and sockets are written alike.
    found.retain(|link| !["pipe:", "socket:"].iter().any(|kind| link.to_string_lossy().starts_with(kind)));
    found.len()
}

/// The process and all below it.
fn below(pid: i32) -> Vec<i32> {
    let (mut open, mut all) = (vec![pid], Vec::new());
    while let Some(pid) = open.pop() {
        open.extend(children(pid));
        all.push(pid);
    }
    all
}

fn children(pid: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn resident_kb(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn pid_of(spawner: &Spawner) -> i32 {
    use std::os::fd::AsRawFd as _;
    let path = format!("/proc/self/fdinfo/{}", spawner.process().as_raw_fd());
    let text = fs::read_to_string(path).expect("the pidfd's information");
    let line = text.lines().find_map(|line| line.strip_prefix("Pid:"));
    line.and_then(|pid| pid.trim().parse().ok()).expect("a pid")
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
