//! `cargo xtask bench sandbox`: what an environment costs, from the request until the last of its processes is gone, beside
//! bubblewrap, crun, runc and runsc where they are installed.
//!
//! All run the same static program that says a word and ends, in the same root, in turns within each round. The others are given
//! namespaces of every kind, a read-only root, a /proc, a /dev and a /tmp of their own; they put on far less than an environment has.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

use super::connection::text;
use super::report;
use super::statistics::{Figures, Goal, median};
use crate::workspace::Workspace;
use crate::{nothing, program};

const ROUNDS: usize = 5;
/// Environments in one round, and runs of bubblewrap.
const RUNS: usize = 100;
/// Those of the container runtimes, which take longer.
const FEW_RUNS: usize = 15;
/// What a creation may cost, and the way to the program's first word, and the whole life, beside bubblewrap's.
const CREATION: Goal = Goal::AtMost(2.2);
const BESIDE_BUBBLEWRAP: Goal = Goal::AtMost(0.7);

/// Measures, prints, and writes docs/benchmarks/sandbox.json.
pub(super) fn run() -> Result<(), String> {
    let workspace = Workspace::read()?;
    let dir = workspace.target.join("bench/sandbox");
    drop(fs::remove_dir_all(&dir));
    fs::create_dir_all(&dir).map_err(text)?;
    let program = nothing::build(&dir)?;
    let environments = nothing::environments(&workspace)?;
    let contenders = Contender::all(&dir, &program)?;
    let mut figures = Figures::default();
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        for contender in &contenders {
            let theirs = contender.times()?;
            let (created, ours) = ours(&environments, &program)?;
            let goal = (contender.name == "bwrap").then_some(BESIDE_BUBBLEWRAP);
            let mut beside = |what: &str, ours, theirs| {
                figures.add(&format!("{what} beside {}", contender.name), "ms", ours, Some(theirs), goal);
            };
            beside("until the program speaks", ours.said, theirs.said);
            beside("an environment's life", ours.ended, theirs.ended);
            figures.add("creation of an environment", "ms", created, None, Some(CREATION));
        }
    }
    let about = json!({
        "rounds": ROUNDS, "program": "a static one that says a word and ends",
        "peers": contenders.iter().map(|contender| contender.version()).collect::<Vec<_>>(),
    });
    report::write_as(&workspace.root, "sandbox.json", about, &figures.0)?;
    fs::remove_dir_all(&dir).map_err(text)
}

/// Milliseconds: until the program's word is here, and until all is gone.
struct Times {
    said: f64,
    ended: f64,
}

impl Times {
    fn medians(all: &[Self]) -> Self {
        let of = |which: fn(&Self) -> f64| median(&all.iter().map(which).collect::<Vec<_>>());
        Self { said: of(|times| times.said), ended: of(|times| times.ended) }
    }
}

/// Medians: until the program is executed, and the others.
fn ours(environments: &Path, program: &Path) -> Result<(f64, Times), String> {
    let mut command = Command::new(environments);
    let output = program::answer(command.arg("cost").arg(RUNS.to_string()).arg(program))?;
    let (mut created, mut times) = (Vec::new(), Vec::new());
    for line in output.lines() {
        let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [one, said, ended] = numbers[..] else { return Err(format!("not three numbers: {line}")) };
        created.push(one / 1e3);
        times.push(Times { said: said / 1e3, ended: ended / 1e3 });
    }
    Ok((median(&created), Times::medians(&times)))
}

/// Another sandbox, ready to run the program.
struct Contender {
    name: &'static str,
    command: Vec<String>,
    /// Whether each run needs a name of its own behind the arguments.
    named: bool,
    runs: usize,
}

impl Contender {
    /// Those that are installed and run here; who is missing is said.
    fn all(dir: &Path, program: &Path) -> Result<Vec<Self>, String> {
        let root = dir.join("bundle/rootfs");
        for place in ["bin", "proc", "dev", "tmp"] {
            fs::create_dir_all(root.join(place)).map_err(text)?;
        }
        fs::copy(program, root.join("bin/program")).map_err(text)?;
        let mut found = Vec::new();
        for name in ["bwrap", "crun", "runc", "runsc"] {
            match program::find(name) {
                Some(path) => {
                    let contender = Self::new(name, &path, dir)?;
                    match contender.time("trial") {
                        Ok(_) => found.push(contender),
                        // crun refuses hybrid cgroup hierarchies, whatever it is asked for.
                        Err(error) => println!("not measured, because it doesn't run here: {error}"),
                    }
                }
                None => println!("no {name} on this machine: not measured"),
            }
        }
        if found.is_empty() { Err("none of the peers is installed".to_owned()) } else { Ok(found) }
    }

    fn new(name: &'static str, path: &Path, dir: &Path) -> Result<Self, String> {
        let (path, bundle) = (path.display().to_string(), dir.join("bundle"));
        if name == "bwrap" {
            let root = bundle.join("rootfs").display().to_string();
            let arguments = format!(
                "{path} --unshare-all --die-with-parent --ro-bind {root} / --proc /proc --dev /dev --tmpfs /tmp /bin/program"
            );
            let command = arguments.split(' ').map(str::to_owned).collect();
            return Ok(Self { name, command, named: false, runs: RUNS });
        }
        configure(&path, &bundle)?;
        let state = dir.join(format!("state-{name}")).display().to_string();
        let mut command = vec![path, "--root".to_owned(), state];
        if name == "runsc" {
            command.extend(["--platform=ptrace", "--network=none", "--ignore-cgroups"].map(str::to_owned));
        }
        command.extend(["run", "--bundle"].map(str::to_owned));
        command.push(bundle.display().to_string());
        Ok(Self { name, command, named: true, runs: FEW_RUNS })
    }

    /// The medians of some runs.
    fn times(&self) -> Result<Times, String> {
        let mut times = Vec::with_capacity(self.runs);
        for number in 0..self.runs {
            times.push(self.time(&number.to_string())?);
        }
        Ok(Times::medians(&times))
    }

    /// One run.
    fn time(&self, number: &str) -> Result<Times, String> {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
        if self.named {
            command.arg(format!("bench-{}-{number}", std::process::id()));
        }
        let failed = |error: std::io::Error| format!("{}: {error}", self.name);
        let began = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        let output = child.stdout.as_mut().map(|output| output.read(&mut [0; 8]));
        let said = began.elapsed().as_secs_f64() * 1e3;
        let status = child.wait().map_err(failed)?;
        let ended = began.elapsed().as_secs_f64() * 1e3;
        match output {
            Some(Ok(1..)) if status.success() => Ok(Times { said, ended }),
            _ => Err(format!("{} ended with {status}", self.command.join(" "))),
        }
    }

    fn version(&self) -> String {
        let answer = program::answer(Command::new(&self.command[0]).arg("--version"));
        answer.ok().and_then(|text| text.lines().next().map(str::to_owned)).unwrap_or_default()
    }
}

/// The runtime's own default configuration, with our program in it and no terminal.
fn configure(path: &str, bundle: &Path) -> Result<(), String> {
    let file = bundle.join("config.json");
    drop(fs::remove_file(&file));
    program::answer(Command::new(path).arg("spec").current_dir(bundle))?;
    let given = fs::read_to_string(&file).map_err(text)?;
    let mut configuration: serde_json::Value = serde_json::from_str(&given).map_err(text)?;
    configuration["process"]["args"] = json!(["/bin/program"]);
    configuration["process"]["terminal"] = json!(false);
    fs::write(&file, configuration.to_string()).map_err(text)
}
