//! The Node.js bootstrap's own tests, run by each interpreter that this machine has.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it starts interpreters, and says where this machine has none"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use worker::runtimes::Runtimes;

#[test]
fn the_node_bootstrap_passes_its_tests_over_the_channel() {
    passes_its_tests("the_node_bootstrap_passes_its_tests_over_the_channel", "0", &[]);
}

#[test]
fn the_node_bootstrap_passes_its_tests_over_http() {
    // Those of the log and of modules have nothing to do with the way, and those of streams go over HTTP in any case.
    let elsewhere = ["log.test.cjs", "modules.test.cjs", "streaming.test.cjs"];
    passes_its_tests("the_node_bootstrap_passes_its_tests_over_http", "1", &elsewhere);
}

fn passes_its_tests(test: &str, over_http: &str, left_out: &[&str]) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtimes/nodejs/tests");
    let files = std::fs::read_dir(tests).unwrap().map(|entry| entry.unwrap().path());
    let wanted = |file: &PathBuf| {
        file.to_string_lossy().ends_with(".test.cjs") && !left_out.iter().any(|name| file.ends_with(name))
    };
    let files: Vec<PathBuf> = files.filter(wanted).collect();
    assert!(files.len() >= 3, "{files:?}");
    let mut ran = 0;
    for candidate in Runtimes::discover() {
        if !candidate.name.as_str().starts_with("nodejs") {
            continue;
        }
        let program = candidate.prefix.join("bin/node");
        let output =
            Command::new(&program).arg("--test").args(&files).env("OVER_HTTP", over_http).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {told}", candidate.name);
        ran += 1;
    }
    if ran == 0 {
        eprintln!("SKIPPED {test}: no node on this machine");
    }
}
