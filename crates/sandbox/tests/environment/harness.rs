//! Runs the cases one after the other and reports as libtest does.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit};
use sandbox::{Egress, EgressOptions, Limits, Sandbox, SandboxSpec, Spawner, SpawnerOptions, TreeName};

use crate::{cases, tree};

/// The plain user of the rootless half is this plus the number of the process: nobody else's, because the kernel counts
/// processes, descriptors in flight and other things per user, and other runs of this suite count too.
const PLAIN_USERS: u32 = 1_000_000_000;

/// The first of the uids that environments are given.
pub(crate) const UID_BASE: u32 = 900_000;

/// As many open files as a frugal shell may allow the platform at its start: fewer than one environment can keep in flight.
pub(crate) const FRUGAL_DESCRIPTORS: u64 = 256;

/// What all environments together may use.
pub(crate) const ALL_MEMORY: u64 = 512 << 20;

/// Whose environments are, where nothing else is said.
pub(crate) const TENANT: &str = "111111111111";

/// What a case gets.
pub(crate) struct Bench {
    pub(crate) spawner: Spawner,
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) code: TreeName,
    /// Two that have something in common, and one that is open to everybody's writes but for its mount.
    pub(crate) layers: [TreeName; 3],
    attacked: std::sync::OnceLock<TreeName>,
    next_id: std::sync::atomic::AtomicU32,
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) output: String,
    /// As `wait` encodes it; nothing when the environment was killed from outside.
    pub(crate) status: Option<i32>,
}

/// Whether cases that try everything do so; otherwise they take a sample, so that the suite stays quick.
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "the runner of the tests says which tier this is")]
pub(crate) fn is_whole() -> bool {
    std::env::var_os("LAMBENT_TEST_WHOLE").is_some()
}

pub(crate) enum Verdict {
    Passed,
    Skipped(String),
}

pub(crate) type Case = (&'static str, fn(&Bench) -> Verdict);

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Bench {
    fn new(half: &str, root: &Path) -> Self {
        Self::named(&format!("lambent-test-{half}-{}", std::process::id()), root)
    }

    /// A spawner of that name and a code tree, over a runtime root that exists.
    pub(crate) fn named(name: &str, root: &Path) -> Self {
        Self::with_egress(name, root, None)
    }

    /// The same, where environments may have egress.
    pub(crate) fn with_egress(name: &str, root: &Path, egress: Option<EgressOptions>) -> Self {
        let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
        let frugal = Rlimit { current: Some(FRUGAL_DESCRIPTORS), maximum: hard };
        rustix::process::setrlimit(Resource::Nofile, frugal).expect("a lower limit");
        let name = name.to_owned();
        let options = SpawnerOptions {
            name: name.clone(),
            staging_bytes: 64 << 20,
            memory_bytes: ALL_MEMORY,
            uid_base: UID_BASE,
            uid_count: 16,
            egress,
        };
        let spawner = Spawner::start(options).expect("the spawner starts");
        let code = tree::stage(spawner.staging(), 'a');
        let layers = tree::stage_layers(spawner.staging());
        let next_id = std::sync::atomic::AtomicU32::new(1);
        let attacked = std::sync::OnceLock::new();
        Self { spawner, name, root: root.to_owned(), code, layers, attacked, next_id }
    }

    /// An environment that runs this executable's `inside` with the words given.
    pub(crate) fn spec(&self, words: &[&str]) -> SandboxSpec {
        let id = self.next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut argv = vec![tree::PROGRAM.to_owned(), "inside".to_owned()];
        argv.extend(words.iter().map(|word| (*word).to_owned()));
        SandboxSpec {
            id: format!("{id:032x}"),
            tenant: TENANT.to_owned(),
            root: self.root.clone(),
            code: self.code.clone(),
            layers: Vec::new(),
            channel: false,
            argv,
            env: vec![("GREETING".to_owned(), "hello".to_owned())],
            cwd: "/var/task".to_owned(),
            hostname: "environment".to_owned(),
            egress: Egress::None,
            limits: Limits {
                memory_bytes: 64 << 20,
                tmp_bytes: 8 << 20,
                tmp_inodes: 128,
                pids: 32,
                cpu_millis: 1000,
                init_cpu_millis: 1000,
                open_files: 256,
            },
        }
    }

    pub(crate) fn start(&self, words: &[&str]) -> Sandbox {
        self.spawner.create(&self.spec(words)).expect("an environment")
    }

    /// Runs the words to their end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        finish(&self.start(words))
    }

    /// A spec with these of the bench's layers.
    pub(crate) fn layered(&self, words: &[&str], layers: &[usize]) -> SandboxSpec {
        let layers = layers.iter().map(|number| self.layers[*number].clone()).collect();
        SandboxSpec { layers, ..self.spec(words) }
    }

    pub(crate) fn run_layered(&self, words: &[&str], layers: &[usize]) -> Ended {
        finish(&self.spawner.create(&self.layered(words, layers)).expect("an environment"))
    }

    /// Runs an environment that lacks some layers to its end.
    #[cfg(feature = "weaken")]
    pub(crate) fn run_spec_weakened(&self, spec: &SandboxSpec, weakened: &[sandbox::Layer]) -> Ended {
        finish(&self.spawner.create_weakened(spec, weakened).expect("a weakened environment"))
    }

    /// The code tree for attacks.
    pub(crate) fn attacked_code(&self) -> TreeName {
        let stage = || sandbox::attacks::stage_code(self.spawner.staging()).expect("a code tree");
        self.attacked.get_or_init(stage).clone()
    }

    pub(crate) fn is_privileged(&self) -> bool {
        self.spawner.protections().mode == sandbox::Mode::Privileged
    }
}

/// Reads the output to its end, and the status; at most 20 s.
pub(crate) fn finish(sandbox: &Sandbox) -> Ended {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    while wait_until(&sandbox.output, deadline) {
        match rustix::io::read(&sandbox.output, &mut buffer).expect("read the output") {
            0 => break,
            count => output.extend_from_slice(&buffer[..count]),
        }
    }
    let status = wait_until(&sandbox.status, deadline).then(|| {
        let mut bytes = [0; 4];
        let count = rustix::io::read(&sandbox.status, &mut bytes).expect("read the status");
        (count == 4).then(|| i32::from_ne_bytes(bytes))
    });
    Ended { output: String::from_utf8_lossy(&output).into_owned(), status: status.flatten() }
}

/// Waits for a descriptor to be readable.
pub(crate) fn wait_until(fd: &impl std::os::fd::AsFd, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout =
        rustix::event::Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
    let mut fds = [rustix::event::PollFd::new(fd, rustix::event::PollFlags::IN)];
    rustix::event::poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}

/// The whole suite: privileged where this process is root, and rootless always.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let all: Vec<Case> = cases::privileged().into_iter().chain(cases::rootless()).collect();
    if arguments.iter().any(|argument| argument == "--ignored") {
        // No case is marked so; what can't run says it when it is tried.
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--list") {
        all.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let mut tally = Tally::default();
    let chosen = choose(cases::privileged(), arguments);
    if rustix::process::geteuid().is_root() {
        join_a_group();
        run_cases("root", &chosen, &mut tally);
    } else {
        chosen.iter().for_each(|(name, _)| skip(name, "it needs root", &mut tally));
    }
    if !choose(cases::rootless(), arguments).is_empty() {
        run_half_as_plain_user(arguments, &mut tally);
    }
    conclude(&tally)
}

/// A supplementary group for the platform, so that an environment that keeps its groups has one.
fn join_a_group() {
    rustix::thread::set_thread_groups(&[rustix::process::Gid::from_raw(4)]).expect("a group");
}

/// One half alone, in a process of its own; with `--conclude` nobody else counts its cases.
pub(crate) fn run_half(half: &str, cases: Vec<Case>, arguments: &[String]) -> ExitCode {
    if rustix::process::geteuid().is_root() {
        join_a_group();
    }
    let mut tally = Tally::default();
    run_cases(half, &choose(cases, arguments), &mut tally);
    if arguments.iter().any(|argument| argument == "--conclude") {
        return conclude(&tally);
    }
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn choose(cases: Vec<Case>, arguments: &[String]) -> Vec<Case> {
    let exact = arguments.iter().any(|argument| argument == "--exact");
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let fits = |name: &str| {
        filters.is_empty()
            || filters.iter().any(|f| if exact { name == f.as_str() } else { name.contains(f.as_str()) })
    };
    cases.into_iter().filter(|(name, _)| fits(name)).collect()
}

fn run_cases(half: &str, chosen: &[Case], tally: &mut Tally) {
    if chosen.is_empty() {
        return;
    }
    let root = tempfile::tempdir().expect("a directory");
    tree::build(root.path());
    let bench = Bench::new(half, root.path());
    for (name, case) in chosen {
        match catch_unwind(AssertUnwindSafe(|| case(&bench))) {
            Ok(Verdict::Passed) => {
                tally.passed += 1;
                println!("test {name} ... ok");
            }
            Ok(Verdict::Skipped(why)) => skip(name, &why, tally),
            Err(_) => {
                tally.failed += 1;
                println!("test {name} ... FAILED");
            }
        }
    }
}

fn skip(name: &str, why: &str, tally: &mut Tally) {
    tally.skipped += 1;
    eprintln!("SKIPPED {name}: {why}");
    println!("test {name} ... ignored");
}

#[expect(clippy::disallowed_methods, reason = "the test starts itself again as a plain user")]
fn run_half_as_plain_user(arguments: &[String], tally: &mut Tally) {
    let mut command = Command::new("/proc/self/exe");
    command.arg("rootless").args(arguments).stdout(Stdio::piped());
    if rustix::process::geteuid().is_root() {
        let user = PLAIN_USERS + std::process::id();
        command.uid(user).gid(user);
    }
    let mut child = command.spawn().expect("start the rootless half");
    let mut said = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut said).expect("read it");
    let ended = child.wait().expect("wait for it");
    print!("{said}");
    tally.passed += said.lines().filter(|line| line.ends_with("... ok")).count();
    tally.skipped += said.lines().filter(|line| line.ends_with("... ignored")).count();
    let failed = said.lines().filter(|line| line.ends_with("... FAILED")).count();
    // A half that fell over before its first test has failed too.
    tally.failed += if ended.success() { failed } else { failed.max(1) };
}

fn conclude(tally: &Tally) -> ExitCode {
    let word = if tally.failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out\n",
        tally.passed, tally.failed, tally.skipped
    );
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
