//! Prints the figures and writes them as JSON and as a plot.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::statistics::{Series, median, spread};
use super::{peers, plot};
use crate::program;

const DIR: &str = "docs/benchmarks";

/// Prints everything, and replaces docs/benchmarks/latest.json and latest.svg.
pub(super) fn write(root: &Path, rounds: usize, results: &[Series]) -> Result<(), String> {
    let about = json!({
        "rounds": rounds, "peer": "aws-lambda-rie of aws-sam-cli 1.170.0, unless named",
        "other_peers": peers::OTHERS,
        "client": "one process, kept-alive HTTP/1.1, a signature every ten seconds; the peer gets none",
        "function": "answers with its event; 1769 MB, one vCPU",
    });
    write_as(root, "latest.json", about, results)?;
    fs::write(root.join(DIR).join("latest.svg"), plot::svg(results)).map_err(|error| error.to_string())
}

/// Prints everything, and replaces that file in docs/benchmarks/; `about` says what was measured.
pub(super) fn write_as(root: &Path, file: &str, about: Value, results: &[Series]) -> Result<(), String> {
    print(results);
    let (dir, mut report) = (root.join(DIR), about);
    fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
    report["machine"] = machine(root);
    report["results"] = results.iter().map(Series::json).collect();
    let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
    let path = dir.join(file);
    fs::write(&path, text + "\n").map_err(|error| error.to_string())?;
    println!("\nwritten to {}", path.display());
    Ok(())
}

fn print(results: &[Series]) {
    println!("\n{:<52} {:>12} {:>12} {:>8} {:>8}  goal", "", "lambent", "peer", "ratio", "spread");
    for series in results {
        let (ours, judged) = (median(&series.ours), series.judged());
        let (peer, ratio) = match series.peer.is_empty() {
            true => (String::new(), String::new()),
            false => (format!("{:.1}", median(&series.peer)), format!("{:.2}", median(&judged))),
        };
        let goal = series.goal.zip(series.verdict());
        let goal = goal.map(|(goal, verdict)| format!("{} {} {}", goal.sign(), goal.value(), verdict.word()));
        let (name, goal) = (format!("{} ({})", series.name, series.unit), goal.unwrap_or_default());
        println!("{name:<52} {ours:>12.1} {peer:>12} {ratio:>8} {:>8.2}  {goal}", spread(&judged));
    }
}

/// What the figures depend on, as far as the machine tells.
fn machine(root: &Path) -> Value {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let commit =
        program::answer(Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    json!({
        "load": load.split(' ').next(),
        "cpu": model.map(|text| text.trim_start_matches([' ', '\t', ':'])),
        "cpus": processors.lines().filter(|line| line.starts_with("processor")).count(),
        "kernel": kernel.trim(),
        "commit": commit.ok().map(|text| text.trim().to_owned()),
    })
}
