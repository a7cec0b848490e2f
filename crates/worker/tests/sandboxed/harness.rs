//! Runs the cases one after the other and reports as libtest does.

use crate::{cases, root};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sandbox::{Spawner, SpawnerOptions};
use std::collections::HashMap;
use std::io::{Cursor, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use telemetry::{LogBatch, LogLine, LogSink, LogStream};
use tokio::io::AsyncWriteExt as _;
use types::{
    AccountId, BoxFuture, Clock, EnvironmentId, MemoryMb, Random, Region, RequestId, RuntimeName,
    TimeoutSeconds, Timestamp, Version,
};
use worker::runtimes::Runtimes;
use worker::{
    Answer, Code, CodeError, CodeId, CodeSource, Environment, EnvironmentSpec, Invocation, LogTail, Logging,
    Options, PlatformEndpoint, SandboxIsolation, Worker,
};

/// What a case gets.
pub(crate) struct Bench {
    /// That of the spawner, and of its groups.
    pub(crate) name: String,
    pub(crate) worker: Worker,
    pub(crate) sink: Arc<Lines>,
    pub(crate) platform: Arc<Greeter>,
    packages: Arc<Packages>,
    runtime: tokio::runtime::Runtime,
    /// The newest python of this machine.
    python: Option<RuntimeName>,
    /// The node of this machine.
    node: Option<RuntimeName>,
    _roots: [tempfile::TempDir; 2],
}

pub(crate) type Case = (&'static str, fn(&Bench) -> Verdict);

pub(crate) enum Verdict {
    Passed,
    Skipped(&'static str),
}

/// Ids that differ.
pub(crate) struct Counting;

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        buffer.iter_mut().rev().zip(count.iter().rev()).for_each(|(byte, count)| *byte = *count);
    }
}

/// What functions read inside too.
struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the functions compare it with the clock of their machine")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(0).plus(since)
    }
}

/// Remembers what was logged.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl LogSink for Lines {
    fn accept(&self, batch: LogBatch) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let text = |mut line: LogLine| {
                assert_eq!(line.message.pop(), Some('\n'));
                line.message
            };
            self.0.lock().unwrap().extend(batch.lines.into_iter().map(text));
        })
    }
}

/// Stands for the platform's API: tells each environment its id, and remembers how many it serves.
#[derive(Default)]
pub(crate) struct Greeter(Arc<()>);

impl Greeter {
    pub(crate) fn served(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

struct Greeting(tokio::task::AbortHandle, #[expect(dead_code, reason = "it is counted")] Arc<()>);

impl Drop for Greeting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl PlatformEndpoint for Greeter {
    fn serve(
        &self,
        listener: std::net::TcpListener,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Box<dyn Send + Sync> {
        let task = tokio::spawn(async move {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(format!("{environment} of {account}").as_bytes()).await.unwrap();
            }
        });
        Box::new(Greeting(task.abort_handle(), Arc::clone(&self.0)))
    }
}

#[derive(Default)]
struct Packages(Mutex<HashMap<CodeId, Bytes>>);

impl Packages {
    fn add(&self, files: &[(&str, &str)]) -> Code {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        let zip = zip.finish().unwrap().into_inner();
        let digest = STANDARD.decode(package::sha256_base64(&zip)).unwrap();
        let id = CodeId::new(digest.try_into().unwrap());
        self.0.lock().unwrap().insert(id, zip.into());
        Code { id, place: String::new() }
    }
}

impl CodeSource for Packages {
    fn code<'a>(&'a self, _: AccountId, code: &'a Code) -> BoxFuture<'a, Result<Bytes, CodeError>> {
        Box::pin(async move { self.0.lock().unwrap().get(&code.id).cloned().ok_or(CodeError::Gone) })
    }
}

impl Bench {
    fn new() -> Self {
        let name = format!("lambent-test-worker-{}", std::process::id());
        let options = SpawnerOptions {
            name: name.clone(),
            staging_bytes: 600 << 20,
            memory_bytes: 4 << 30,
            uid_base: 910_000,
            uid_count: 1024,
            egress: None,
        };
        let spawner = Spawner::start(options).expect("the spawner starts");
        let roots = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let native = root::build(roots[0].path());
        let mut languages = root::Languages::new(roots[1].path());
        let [python, node] = ["python", "nodejs"].map(|language| languages.newest(language));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (sink, packages) = (Arc::<Lines>::default(), Arc::<Packages>::default());
        let platform = Arc::<Greeter>::default();
        let worker = Worker::new(
            Arc::new(SandboxIsolation::new(spawner)),
            Runtimes::from_iter([native].into_iter().chain(python.clone()).chain(node.clone())),
            Arc::clone(&packages) as _,
            Arc::clone(&sink) as _,
            Arc::clone(&platform) as _,
            Arc::new(System),
            Options { staging_bytes: 600 << 20, log_bytes_per_second: u32::MAX, ..Options::default() },
        );
        let [python, node] = [python, node].map(|made| made.map(|made| made.name));
        Self { name, worker, sink, platform, packages, runtime, python, node, _roots: roots }
    }

    /// A spec of the native runtime with this handler.
    pub(crate) fn native(&self, handler: &str) -> EnvironmentSpec {
        let log = LogStream {
            account: AccountId::FIRST,
            region: Region::default(),
            group: "/aws/lambda/f".to_owned(),
            name: "2026/11/24/[$LATEST]0".to_owned(),
        };
        EnvironmentSpec {
            id: EnvironmentId::generate(&Counting),
            account: AccountId::FIRST,
            region: Region::default(),
            function_arn: "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
            function_name: "f".parse().unwrap(),
            version: Version::Latest,
            runtime: "native1".parse().unwrap(),
            handler: handler.to_owned(),
            memory: MemoryMb::default(),
            timeout: TimeoutSeconds::default(),
            ephemeral_storage_mb: 512,
            variables: Vec::new(),
            code: self.packages.add(&[("app.py", "the code")]),
            layers: Vec::new(),
            egress: worker::Egress::None,
            credentials: None,
            logging: Logging::default(),
            log: Arc::new(log),
        }
    }

    /// A spec of a python function with this code; none where the machine has no python.
    pub(crate) fn python(&self, code: &str) -> Option<EnvironmentSpec> {
        let runtime = self.python.clone()?;
        let code = self.packages.add(&[("app.py", code)]);
        Some(EnvironmentSpec { runtime, code, ..self.native("app.handler") })
    }

    /// The same with node.
    pub(crate) fn node(&self, code: &str) -> Option<EnvironmentSpec> {
        let runtime = self.node.clone()?;
        let code = self.packages.add(&[("app.js", code)]);
        Some(EnvironmentSpec { runtime, code, ..self.native("app.handler") })
    }

    /// A layer with these files.
    pub(crate) fn layer(&self, files: &[(&str, &str)]) -> Code {
        self.packages.add(files)
    }

    pub(crate) fn run<T>(&self, story: impl Future<Output = T>) -> T {
        self.runtime.block_on(story)
    }

    pub(crate) async fn start(&self, handler: &str) -> Environment {
        self.worker.start(self.native(handler)).await.expect("an environment")
    }
}

pub(crate) fn event(payload: &str) -> Invocation {
    Invocation {
        request_id: RequestId::generate(&Counting),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        invoked_arn: "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
        trace_id: None,
        client_context: None,
        cognito_identity: None,
        log_tail: LogTail::Omitted,
    }
}

pub(crate) fn text(answer: &Answer) -> String {
    match answer {
        Answer::Success { payload, .. } | Answer::FunctionError { payload, .. } => {
            String::from_utf8(payload.to_vec()).unwrap()
        }
        other => panic!("no answer: {other:?}"),
    }
}

/// The whole suite, where this process is root.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let fits = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let chosen: Vec<Case> = cases::ALL.iter().copied().filter(|(name, _)| fits(name)).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if !rustix::process::geteuid().is_root() {
        chosen.iter().for_each(|(name, _)| eprintln!("SKIPPED {name}: it needs root"));
        println!("\ntest result: ok. 0 passed; 0 failed; {} ignored", chosen.len());
        return ExitCode::SUCCESS;
    }
    let Tally { passed, failed, skipped } =
        if chosen.is_empty() { Tally::default() } else { run_cases(&chosen) };
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {passed} passed; {failed} failed; {skipped} ignored");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

fn run_cases(chosen: &[Case]) -> Tally {
    let bench = Bench::new();
    let mut tally = Tally::default();
    for (name, case) in chosen {
        let before = Instant::now();
        let word = match catch_unwind(AssertUnwindSafe(|| case(&bench))) {
            Ok(Verdict::Passed) => {
                tally.passed += 1;
                "ok"
            }
            Ok(Verdict::Skipped(why)) => {
                eprintln!("SKIPPED {name}: {why}");
                tally.skipped += 1;
                "ignored"
            }
            Err(_) => {
                tally.failed += 1;
                "FAILED"
            }
        };
        println!("test {name} ... {word} ({:?})", before.elapsed());
    }
    bench.run(bench.worker.shutdown(Duration::from_secs(5)));
    tally
}

/// Prints how long starts and warm invocations take. Not a test: the figures depend on the machine.
pub(crate) fn measure() -> ExitCode {
    const PYTHON: &str = "def handler(event, context):\n    return event\n";
    const NODE: &str = "exports.handler = async (event) => event;\n";
    let bench = Bench::new();
    let native = ["echo", "print"].map(|handler| (handler, bench.native(handler)));
    let python = bench.python(PYTHON).map(|spec| ("python", spec));
    let languages = python.into_iter().chain(bench.node(NODE).map(|spec| ("node", spec)));
    for (what, spec) in native.into_iter().chain(languages) {
        bench.run(async {
            let (mut starts, mut firsts) = (Vec::new(), Vec::new());
            for _ in 0..20 {
                let before = Instant::now();
                let spec = EnvironmentSpec { id: EnvironmentId::generate(&Counting), ..spec.clone() };
                let environment = bench.worker.start(spec).await.unwrap();
                starts.push(before.elapsed());
                environment.invoke(event("{}")).await;
                firsts.push(before.elapsed());
                environment.shutdown().await;
            }
            show(&format!("{what}: start"), starts);
            show(&format!("{what}: start to first answer"), firsts);
            let environment = bench.worker.start(spec).await.unwrap();
            // In a task, as the API's connections are.
            show(
                &format!("{what}: warm"),
                tokio::spawn(async move { warm(&environment).await }).await.unwrap(),
            );
            bench.sink.take();
        });
    }
    ExitCode::SUCCESS
}

async fn warm(environment: &Environment) -> Vec<Duration> {
    let mut times = Vec::with_capacity(10_000);
    for _ in 0..10_000 {
        let before = Instant::now();
        environment.invoke(event("{}")).await;
        times.push(before.elapsed());
    }
    times
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[times.len() * share / 1000];
    println!("{what}: p50 {:?}, p90 {:?}, p99 {:?}", at(500), at(900), at(990));
}
