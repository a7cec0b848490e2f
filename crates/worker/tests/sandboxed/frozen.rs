//! Environments that stand still, by the hundred.
//!
//! Invariant: that they do is read from their groups, not from what the worker says.

use crate::harness::{Bench, Verdict, event, text};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use worker::{Environment, Fate};

const PATIENCE: Duration = Duration::from_secs(60);

/// A thousand take some ten seconds to be made.
#[expect(clippy::disallowed_methods, reason = "the runner of the tests says which tier this is")]
fn count() -> usize {
    if std::env::var_os("LAMBENT_TEST_WHOLE").is_some() { 1000 } else { 200 }
}

/// All of them stand still, are invoked at the same moment, answer, and stand still again.
pub(crate) fn all_at_once(bench: &Bench) -> Verdict {
    let count = count();
    bench.run(async {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(bench.start("echo").await);
        }
        for round in 0..3 {
            if !stand_still(bench, count).await {
                assert!(groups(bench).is_empty(), "{} of {count} stand still", frozen(bench));
                return Verdict::Skipped("this machine has no freezer");
            }
            let begin = Instant::now();
            all = invoke(all, round).await;
            println!("    {count} frozen environments answered within {:?}", begin.elapsed());
        }
        assert_eq!(bench.worker.live().len(), count);
        assert!(stand_still(bench, count).await);
        drop(all);
        let begin = Instant::now();
        while !bench.worker.live().is_empty() || !groups(bench).is_empty() {
            assert!(begin.elapsed() < PATIENCE, "{} groups are left", groups(bench).len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Verdict::Passed
    })
}

async fn invoke(all: Vec<Environment>, round: usize) -> Vec<Environment> {
    let mut running = JoinSet::new();
    for (number, environment) in all.into_iter().enumerate() {
        running.spawn(async move {
            let payload = (round * 1000 + number).to_string();
            let outcome = tokio::time::timeout(PATIENCE, environment.invoke(event(&payload))).await;
            let outcome = outcome.expect("an answer in time");
            assert_eq!((text(&outcome.answer), outcome.fate), (payload, Fate::Reusable));
            environment
        });
    }
    running.join_all().await
}

async fn stand_still(bench: &Bench, count: usize) -> bool {
    let begin = Instant::now();
    while frozen(bench) < count {
        if begin.elapsed() > PATIENCE || groups(bench).is_empty() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}

fn frozen(bench: &Bench) -> usize {
    groups(bench).iter().filter(|group| is_frozen(group)).count()
}

/// As the version of the tree has it.
fn is_frozen(group: &Path) -> bool {
    let says = |file: &str, what: &str| {
        std::fs::read_to_string(group.join(file)).is_ok_and(|text| text.lines().any(|line| line == what))
    };
    says("cgroup.events", "frozen 1") || says("freezer.state", "FROZEN")
}

/// The groups of environments that can be frozen.
fn groups(bench: &Bench) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::from("/sys/fs/cgroup")]);
    while let Some(directory) = open.pop() {
        let entries = std::fs::read_dir(&directory).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let path = entry.path();
            let is_ours = path.iter().any(|part| part == bench.name.as_str());
            let is_environments = entry.file_name().len() == 32;
            if is_ours
                && is_environments
                && ["cgroup.events", "freezer.state"].iter().any(|file| path.join(file).exists())
            {
                found.push(path.clone());
            }
            open.push(path);
        }
    }
    found
}
