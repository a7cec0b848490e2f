//! The rounds: what is measured, in which order, and against which goal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::connection::{Call, Connection, rate, text};
use super::peer::{self, Function};
use super::pinning::Pinning;
use super::statistics::{Series, median, percentile};
use super::{deploy, report};
use crate::program;
use crate::server::{Server, free_address};
use crate::test::{environment, native};
use crate::workspace::Workspace;

/// A comparison needs at least this many.
const ROUNDS: usize = 5;
const WARM_UP: u32 = 300;
const REQUESTS: u32 = 3000;
/// Cold starts of each side in a round.
const COLD_STARTS: u32 = 8;
const CLIENTS: usize = 8;
const RATE_TIME: Duration = Duration::from_secs(2);
const EVENT: &str = r#"{"key": "value", "number": 1}"#;
const PYTHON: &str = "import sys\n\n\ndef handler(event, context):\n    return event\n\n\n\
    def version(event, context):\n    return sys.version\n";

/// The ratios and sizes that the next release is held to.
const GOALS: &[(&str, f64)] = &[("warm python p50", 0.8), ("cold python", 1.3), ("idle memory", 20.0)];

/// What both sides run.
struct Subject {
    name: &'static str,
    runtime: String,
    peer: Function,
}

struct Bench {
    workspace: Workspace,
    dir: PathBuf,
    python: PathBuf,
    emulator: PathBuf,
    subjects: Vec<Subject>,
    results: Vec<Series>,
}

/// Measures, prints, and writes docs/benchmarks/.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let rounds = match args.first() {
        None => ROUNDS,
        Some(text) => text.parse().map_err(|_| format!("bench takes a number of rounds, not `{text}`"))?,
    };
    if rounds < ROUNDS {
        println!("fewer than {ROUNDS} rounds: good for a look, not for a comparison");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let mut bench = Bench::prepare()?;
    let measured = runtime.block_on(bench.measure(rounds));
    let unpinned = Pinning::Free.apply();
    fs::remove_dir_all(bench.dir.join("data")).map_err(text)?;
    measured.and(unpinned)?;
    report::write(&bench.workspace.root, rounds, &bench.results)
}

impl Bench {
    fn prepare() -> Result<Self, String> {
        let workspace = Workspace::read()?;
        let (dir, logs) = (workspace.target.join("bench"), workspace.target.join("test-logs"));
        for dir in [&dir, &logs, &dir.join("task")] {
            fs::create_dir_all(dir).map_err(text)?;
        }
        drop(fs::remove_dir_all(dir.join("data")));
        fs::write(dir.join("task/app.py"), PYTHON).map_err(text)?;
        let mut build = program::cargo(&workspace.root);
        program::answer(build.args(["build", "--quiet", "--release", "--bin", "lambent"]))?;
        let python = environment::python(&workspace, &logs)?;
        let emulator = peer::emulator(&python, &dir)?;
        let mut bench = Self { workspace, dir, python, emulator, subjects: Vec::new(), results: Vec::new() };
        bench.subjects.push(bench.python_subject()?);
        match native::build(&bench.workspace, &logs) {
            Ok(bootstrap) => bench.subjects.push(bench.native_subject(bootstrap)),
            Err(why) => println!("no native function: {why}"),
        }
        Ok(bench)
    }

    /// The official python client, on the very interpreter that the platform's runtime is made of.
    fn python_subject(&self) -> Result<Subject, String> {
        let question = "import sys, sysconfig; print('%d.%d' % sys.version_info[:2]); \
            print(sysconfig.get_paths()['purelib'])";
        let answer = program::answer(Command::new(&self.python).args(["-c", question]))?;
        let (version, packages) = answer.trim().split_once('\n').ok_or("python printed too little")?;
        let runtime = format!("python{version}");
        let interpreter = interpreter(&runtime)?;
        let command = [&interpreter, Path::new("-m"), Path::new("awslambdaric"), Path::new("app.handler")];
        let command = command.iter().map(|part| part.to_path_buf()).collect();
        let (task, python_path) = (self.dir.join("task"), Some(PathBuf::from(packages)));
        Ok(Subject { name: "python", runtime, peer: Function { task, command, python_path } })
    }

    fn native_subject(&self, bootstrap: PathBuf) -> Subject {
        let (runtime, task) = ("provided.al2023".to_owned(), self.dir.join("task"));
        Subject {
            name: "native",
            runtime,
            peer: Function { task, command: vec![bootstrap], python_path: None },
        }
    }

    fn lambent(&self) -> PathBuf {
        self.workspace.target.join("release/lambent")
    }

    async fn measure(&mut self, rounds: usize) -> Result<(), String> {
        self.deploy().await?;
        for round in 1..=rounds {
            println!("round {round} of {rounds}");
            for pinning in [Pinning::Free, Pinning::OneCpu] {
                pinning.apply()?;
                self.warm(pinning).await?;
                self.floor(pinning).await?;
            }
            Pinning::Free.apply()?;
            self.cold().await?;
        }
        Ok(())
    }

    async fn deploy(&mut self) -> Result<(), String> {
        let server = self.platform(Pinning::Free)?;
        let mut connection = Connection::open(server.address).await?;
        deploy::role(&mut connection).await?;
        for subject in &self.subjects {
            let (file, name, handler) = match subject.peer.python_path {
                Some(_) => (self.dir.join("task/app.py"), "app.py", "app.handler"),
                None => (subject.peer.command[0].clone(), "bootstrap", "bootstrap"),
            };
            let zip = deploy::zip(&self.python, &file, name)?;
            deploy::function(&mut connection, subject.name, &subject.runtime, handler, &zip).await?;
            answers(&mut connection, &deploy::invocation(subject.name, EVENT)).await?;
            if subject.peer.python_path.is_some() {
                deploy::function(&mut connection, "version", &subject.runtime, "app.version", &zip).await?;
                same_interpreter(&mut connection, &subject.peer.command[0]).await?;
            }
        }
        Ok(())
    }

    fn platform(&self, pinning: Pinning) -> Result<Server, String> {
        let address = free_address()?;
        let mut command = pinning.command(&self.lambent());
        command.arg("serve").arg("--data-dir").arg(self.dir.join("data"));
        command.args(["--listen", &address.to_string(), "--accept-weak-isolation"]);
        command.args(["--bootstrap-account", deploy::ACCOUNT, "--bootstrap-access-key"]);
        command.arg(format!("{}:{}", deploy::KEY.id, deploy::KEY.secret));
        Ok(Server::start(command, address, &self.dir.join("lambent.log"))?.polite())
    }

    fn emulated(&self, subject: &Subject, pinning: Pinning) -> Result<Server, String> {
        peer::start(&self.emulator, &subject.peer, pinning, &self.dir.join("emulator.log"))
    }

    async fn warm(&mut self, pinning: Pinning) -> Result<(), String> {
        let mut found = Vec::new();
        for subject in &self.subjects {
            let emulator = self.emulated(subject, pinning)?;
            let theirs = latencies(&emulator, &emulated_call()).await?;
            drop(emulator);
            let platform = self.platform(pinning)?;
            let call = deploy::invocation(subject.name, EVENT);
            std::thread::sleep(Duration::from_millis(300));
            let memory = platform.resident_megabytes();
            let ours = latencies(&platform, &call).await?;
            let suffix = if pinning == Pinning::OneCpu { ", one CPU" } else { "" };
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                let name = format!("warm {} {name}{suffix}", subject.name);
                found.push((name, "µs", percentile(&ours, share), Some(percentile(&theirs, share))));
            }
            if pinning == Pinning::Free {
                found.push(("idle memory".to_owned(), "MB", memory, None));
                let reached = rate(platform.address, &call, CLIENTS, RATE_TIME).await?;
                found.push((format!("{} at {CLIENTS} clients", subject.name), "1/s", reached, None));
            }
        }
        self.add(found);
        Ok(())
    }

    async fn floor(&mut self, pinning: Pinning) -> Result<(), String> {
        let address = free_address()?;
        let this = std::env::current_exe().map_err(text)?;
        let mut command = pinning.command(&this);
        command.arg("echo").arg(address.to_string());
        let server = Server::start(command, address, &self.dir.join("echo.log"))?;
        let latencies = latencies(&server, &emulated_call()).await?;
        let suffix = if pinning == Pinning::OneCpu { ", one CPU" } else { "" };
        let mut found = vec![(format!("bare echo p50{suffix}"), "µs", median(&latencies), None)];
        if pinning == Pinning::Free {
            let reached = rate(address, &emulated_call(), CLIENTS, RATE_TIME).await?;
            found.push((format!("bare echo at {CLIENTS} clients"), "1/s", reached, None));
        }
        self.add(found);
        Ok(())
    }

    /// First invocations: the emulator is started anew for each, the platform's function gets a new revision.
    async fn cold(&mut self) -> Result<(), String> {
        let platform = self.platform(Pinning::Free)?;
        let mut connection = Connection::open(platform.address).await?;
        let mut found = Vec::new();
        for subject in &self.subjects {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            let call = deploy::invocation(subject.name, EVENT);
            for turn in 0..=COLD_STARTS {
                let emulator = self.emulated(subject, Pinning::Free)?;
                let mut other = Connection::open(emulator.address).await?;
                theirs.push(first(&mut other, &emulated_call()).await?);
                drop(emulator);
                deploy::renew(&mut connection, subject.name, turn).await?;
                ours.push(first(&mut connection, &call).await?);
            }
            // The first of each reads files that the page cache may not hold yet.
            let (ours, theirs) = (median(&ours[1..]), median(&theirs[1..]));
            found.push((format!("cold {}", subject.name), "ms", ours, Some(theirs)));
        }
        self.add(found);
        Ok(())
    }

    fn add(&mut self, found: Vec<(String, &'static str, f64, Option<f64>)>) {
        for (name, unit, ours, peer) in found {
            let known = self.results.iter().position(|series| series.name == name);
            let index = known.unwrap_or_else(|| {
                let goal = GOALS.iter().find(|(goal, _)| *goal == name).map(|(_, value)| *value);
                self.results.push(Series { name, unit, ours: Vec::new(), peer: Vec::new(), goal });
                self.results.len() - 1
            });
            self.results[index].ours.push(ours);
            self.results[index].peer.extend(peer);
        }
    }
}

/// The emulator has one function, whose name is always the same.
fn emulated_call() -> Call {
    Call {
        method: "POST",
        path: "/2015-03-31/functions/function/invocations".to_owned(),
        body: Bytes::from_static(EVENT.as_bytes()),
        service: "lambda",
        content_type: "application/json",
        key: None,
    }
}

/// Where the host keeps the interpreter that a runtime of that name is made of.
fn interpreter(runtime: &str) -> Result<PathBuf, String> {
    let usual = ["/usr/bin", "/usr/local/bin"].map(|dir| Path::new(dir).join(runtime));
    let found = usual.into_iter().find(|path| path.is_file()).or_else(|| program::find(runtime));
    found.ok_or_else(|| format!("no interpreter for {runtime}"))
}

/// The function answers with what it was sent, and not with something that is quicker to make.
async fn answers(connection: &mut Connection, call: &Call) -> Result<(), String> {
    connection.forget();
    let answer = connection.send(call).await?;
    connection.forget();
    let text = String::from_utf8_lossy(&answer);
    if text.contains(r#""number": 1"#) || text.contains(r#""number":1"#) {
        return Ok(());
    }
    Err(format!("{} answered {text}", call.path))
}

/// Both sides must run the very same python.
async fn same_interpreter(connection: &mut Connection, interpreter: &Path) -> Result<(), String> {
    connection.forget();
    let ours = connection.send(&deploy::invocation("version", EVENT)).await?;
    connection.forget();
    let ours: String = serde_json::from_slice(&ours).map_err(text)?;
    let theirs = program::answer(Command::new(interpreter).args(["-c", "import sys; print(sys.version)"]))?;
    if ours.trim() == theirs.trim() {
        return Ok(());
    }
    Err(format!("unequal interpreters: the platform runs {ours}, the peer {theirs}"))
}

async fn latencies(server: &Server, call: &Call) -> Result<Vec<f64>, String> {
    Connection::open(server.address).await?.latencies(call, WARM_UP, REQUESTS).await
}

/// Milliseconds of one invocation after a moment of quiet.
async fn first(connection: &mut Connection, call: &Call) -> Result<f64, String> {
    tokio::time::sleep(Duration::from_millis(60)).await;
    connection.forget();
    let started = Instant::now();
    connection.send(call).await?;
    let took = started.elapsed();
    connection.forget();
    Ok(took.as_secs_f64() * 1e3)
}
