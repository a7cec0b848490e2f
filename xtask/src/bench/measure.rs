//! The rounds: what is measured, and in which order.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::connection::{Call, Connection, text};
use super::load::{Load, Throughput, throughput};
use super::peers::{Serving, ministack, rie, serverless_offline, workerd};
use super::pinning::Pinning;
use super::statistics::{Figures, median, percentile};
use super::subjects::{self, Subject};
use super::{deploy, goals, report};
use crate::program;
use crate::server::{Server, free_address};
use crate::test::environment;
use crate::workspace::Workspace;

/// A comparison needs at least this many.
const ROUNDS: usize = 5;
const WARM_UP: u32 = 300;
/// Enough for a p99 that a hundred requests are slower than.
const REQUESTS: u32 = 10_000;
/// A peer that takes tens of milliseconds each gets fewer.
const SLOW_REQUESTS: u32 = 100;
/// Cold starts of each side in a round.
const COLD_STARTS: u32 = 8;
const CLIENTS: usize = 8;
const RATE_TIME: Duration = Duration::from_secs(2);
pub(super) const EVENT: &str = r#"{"key": "value", "number": 1}"#;

struct Bench {
    workspace: Workspace,
    dir: PathBuf,
    python: PathBuf,
    emulator: PathBuf,
    others: Others,
    subjects: Vec<Subject>,
    results: Figures,
}

/// Where the other peers are installed.
struct Others {
    serverless_offline: PathBuf,
    workerd: PathBuf,
    ministack: PathBuf,
}

/// One figure of a round: name, unit, ours, the peer's.
type Figure = (String, &'static str, f64, Option<f64>);

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
    report::write(&bench.workspace.root, rounds, &bench.results.0)
}

impl Bench {
    fn prepare() -> Result<Self, String> {
        let workspace = Workspace::read()?;
        let (dir, logs) = (workspace.target.join("bench"), workspace.target.join("test-logs"));
        for dir in [&dir, &logs, &dir.join("task")] {
            fs::create_dir_all(dir).map_err(text)?;
        }
        drop(fs::remove_dir_all(dir.join("data")));
        let mut build = program::cargo(&workspace.root);
        program::answer(build.args(["build", "--quiet", "--release", "--bin", "lambent"]))?;
        let python = environment::python(&workspace, &logs)?;
        let emulator = rie::emulator(&python, &dir)?;
        let others = Others {
            serverless_offline: serverless_offline::prepare(&dir, subjects::NODE)?,
            workerd: workerd::prepare(&dir)?,
            ministack: ministack::prepare(&python, &dir)?,
        };
        let subjects = subjects::all(&workspace, &python, &dir)?;
        Ok(Self { workspace, dir, python, emulator, others, subjects, results: Figures::default() })
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
            self.beside_others().await?;
            self.cold().await?;
        }
        Ok(())
    }

    async fn deploy(&mut self) -> Result<(), String> {
        let server = self.platform(Pinning::Free)?;
        let mut connection = Connection::open(server.address).await?;
        deploy::role(&mut connection).await?;
        for subject in &self.subjects {
            let zip = subject.zip(&self.python)?;
            deploy::function(&mut connection, subject.name, &subject.runtime, subject.handler, &zip).await?;
            answers(&mut connection, &deploy::invocation(subject.name, EVENT)).await?;
            subject.check_interpreter(&mut connection, &zip).await?;
        }
        Ok(())
    }

    fn platform(&self, pinning: Pinning) -> Result<Server, String> {
        let address = free_address()?;
        let command = pinning.command(&self.workspace.target.join("release/lambent"));
        let command = deploy::serve(command, &self.dir.join("data"), address);
        Ok(Server::start(command, address, &self.dir.join("lambent.log"))?.polite())
    }

    fn emulated(&self, subject: &Subject, pinning: Pinning) -> Result<Server, String> {
        rie::start(&self.emulator, &subject.peer, pinning, &self.dir.join("emulator.log"))
    }

    async fn warm(&mut self, pinning: Pinning) -> Result<(), String> {
        let mut found = Vec::new();
        for subject in &self.subjects {
            let emulator = self.emulated(subject, pinning)?;
            let theirs = latencies(&emulator, &emulated_call(), REQUESTS).await?;
            drop(emulator);
            let platform = self.platform(pinning)?;
            let call = deploy::invocation(subject.name, EVENT);
            std::thread::sleep(Duration::from_millis(300));
            let memory = platform.resident_megabytes();
            let ours = latencies(&platform, &call, REQUESTS).await?;
            let suffix = if pinning == Pinning::OneCpu { ", one CPU" } else { "" };
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                let name = format!("warm {} {name}{suffix}", subject.name);
                found.push((name, "µs", percentile(&ours, share), Some(percentile(&theirs, share))));
            }
            if pinning == Pinning::Free {
                found.push(("idle memory".to_owned(), "MB", memory, None));
                found.extend(many_clients(&platform, subject.name, &call).await?);
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
        let latencies = latencies(&server, &emulated_call(), REQUESTS).await?;
        let suffix = if pinning == Pinning::OneCpu { ", one CPU" } else { "" };
        let mut found = vec![(format!("bare echo p50{suffix}"), "µs", median(&latencies), None)];
        if pinning == Pinning::Free {
            let reached = throughput(address, &emulated_call(), CLIENTS, RATE_TIME).await?;
            found.push((format!("bare echo at {CLIENTS} clients"), "1/s", reached.per_second, None));
        }
        self.add(found);
        Ok(())
    }

    /// The same function in the same language on the other peers, each just before ours.
    async fn beside_others(&mut self) -> Result<(), String> {
        let mut found = Vec::new();
        let node = |subject: &&Subject| subject.name == "node";
        if let Some(node) = self.subjects.iter().find(node) {
            let theirs = serverless_offline::start(&self.others.serverless_offline, EVENT)?;
            found.extend(self.beside("serverless-offline", theirs, node, REQUESTS).await?);
            let theirs = workerd::start(&self.others.workerd, EVENT)?;
            found.extend(self.beside("workerd", theirs, node, REQUESTS).await?);
        }
        let python = &self.subjects[0];
        let (zip, log) = (python.zip(&self.python)?, self.dir.join("ministack.log"));
        let theirs = ministack::start(&self.others.ministack, &zip, &python.runtime, EVENT, &log).await?;
        found.extend(self.beside("ministack", theirs, python, SLOW_REQUESTS).await?);
        self.add(found);
        Ok(())
    }

    async fn beside(
        &self,
        peer: &str,
        theirs: Serving,
        subject: &Subject,
        requests: u32,
    ) -> Result<Vec<Figure>, String> {
        let latencies_of_peer = latencies(&theirs.server, &theirs.call, requests).await?;
        let rate_of_peer = throughput(theirs.server.address, &theirs.call, CLIENTS, RATE_TIME).await?;
        drop(theirs);
        let platform = self.platform(Pinning::Free)?;
        let call = deploy::invocation(subject.name, EVENT);
        let ours = latencies(&platform, &call, requests).await?;
        let rate = throughput(platform.address, &call, CLIENTS, RATE_TIME).await?;
        let share = |name: &str, share| {
            let (ours, theirs) = (percentile(&ours, share), percentile(&latencies_of_peer, share));
            (format!("{} {name} beside {peer}", subject.name), "µs", ours, Some(theirs))
        };
        let rates = (rate.per_second, Some(rate_of_peer.per_second));
        let name = format!("{} at {CLIENTS} clients beside {peer}", subject.name);
        Ok(vec![share("p50", 0.5), share("p99", 0.99), (name, "1/s", rates.0, rates.1)])
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

    fn add(&mut self, found: Vec<Figure>) {
        for (name, unit, ours, peer) in found {
            self.results.add(&name, unit, ours, peer, goals::of(&name));
        }
    }
}

/// The rate that many clients reach, and what each invocation costs in processor time: in the platform, and in the
/// environments and the spawner together.
async fn many_clients(platform: &Server, name: &str, call: &Call) -> Result<Vec<Figure>, String> {
    let before = platform.cpu_seconds();
    let Throughput { requests, per_second } = throughput(platform.address, call, CLIENTS, RATE_TIME).await?;
    let after = platform.cpu_seconds();
    let each = |seconds: f64| seconds * 1e6 / requests as f64;
    let name = format!("{name} at {CLIENTS} clients");
    Ok(vec![
        (format!("{name}, CPU of the platform"), "µs", each(after.0 - before.0), None),
        (format!("{name}, CPU of the function"), "µs", each(after.1 - before.1), None),
        (name, "1/s", per_second, None),
    ])
}

/// The emulator has one function, whose name is always the same.
fn emulated_call() -> Call {
    Call::unsigned("function", EVENT)
}

/// The function answers with what it was sent, and not with something that is quicker to make.
async fn answers(connection: &mut Connection, call: &Call) -> Result<(), String> {
    let answer = connection.send(call).await?;
    let text = String::from_utf8_lossy(&answer);
    if text.contains(r#""number": 1"#) || text.contains(r#""number":1"#) {
        return Ok(());
    }
    Err(format!("{} answered {text}", call.path))
}

async fn latencies(server: &Server, call: &Call, requests: u32) -> Result<Vec<f64>, String> {
    Load::open(server.address, call).await?.latencies(requests.min(WARM_UP), requests).await
}

/// Milliseconds of one invocation after a moment of quiet.
async fn first(connection: &mut Connection, call: &Call) -> Result<f64, String> {
    tokio::time::sleep(Duration::from_millis(60)).await;
    let started = Instant::now();
    connection.send(call).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
