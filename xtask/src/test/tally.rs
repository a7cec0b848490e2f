//! Counts what passed, failed and could not run, from the output of the test runners, and prints the summary.
//!
//! Invariant: a step that ended badly counts as at least one failure, whatever its output says.

use std::time::Duration;

use crate::program::Finished;

/// How much of the output of a failed step is shown.
const SHOWN_LINES: usize = 400;

/// What begins lines that a reader should see of a step that passed, too: what tests measured, and what a machine can't enforce.
const FIGURES: [&str; 3] = ["ATTACKS ", "NOT ENFORCEABLE ", "NEIGHBOUR "];

/// The counts so far.
#[derive(Default)]
pub(super) struct Tally {
    passed: usize,
    failed: Vec<String>,
    skipped: Vec<String>,
}

/// What one runner's output says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Tally {
    /// A step that passes or fails as a whole; whether it passed.
    pub(super) fn check(&mut self, name: &str, finished: Result<Finished, String>) -> bool {
        let (took, output, passed) = read(finished);
        self.verdict_after(name, took, passed, &output);
        passed
    }

    /// A step of this program itself.
    pub(super) fn verdict(&mut self, name: &str, broken: &[String]) {
        self.verdict_after(name, Duration::ZERO, broken.is_empty(), &broken.join("\n"));
    }

    fn verdict_after(&mut self, name: &str, took: Duration, passed: bool, output: &str) {
        line(name, took, if passed { "ok" } else { "FAILED" });
        if passed {
            self.passed += 1;
        } else {
            println!("{}", end_of(output));
            self.failed.push(name.to_owned());
        }
    }

    /// Something that this machine can't do.
    pub(super) fn skip(&mut self, name: &str, why: &str) {
        line(name, Duration::ZERO, "could not run");
        self.skipped.push(format!("{name}: {why}"));
    }

    /// The output of `cargo test`.
    pub(super) fn cargo_tests(&mut self, name: &str, finished: Result<Finished, String>) {
        self.tests(name, finished, cargo_counts);
    }

    /// The output of pytest; that no test was selected is not a failure.
    pub(super) fn python_tests(&mut self, name: &str, finished: Result<Finished, String>) {
        let finished = finished.map(|finished| match finished.status {
            Some(5) => Finished { status: Some(0), ..finished },
            _ => finished,
        });
        self.tests(name, finished, python_counts);
    }

    fn tests(&mut self, name: &str, finished: Result<Finished, String>, count: fn(&str) -> Counts) {
        let (took, output, succeeded) = read(finished);
        let mut counts = count(&output);
        if !succeeded && counts.failed.is_empty() {
            counts.failed.push(name.to_owned());
        }
        line(name, took, &format!("{} passed, {} failed", counts.passed, counts.failed.len()));
        figures(&output).for_each(|figure| println!("    {figure}"));
        if !counts.failed.is_empty() {
            println!("{}", end_of(&output));
        }
        self.passed += counts.passed;
        self.failed.append(&mut counts.failed);
        self.skipped.append(&mut counts.skipped);
    }

    /// Prints the summary; an error when something failed.
    pub(super) fn close(self) -> Result<(), String> {
        println!();
        for name in &self.failed {
            println!("failed         {name}");
        }
        for what in &self.skipped {
            println!("could not run  {what}");
        }
        let (failed, skipped) = (self.failed.len(), self.skipped.len());
        if failed > 0 {
            eprintln!("something failed; its output is above, and in full in target/test-logs");
        }
        println!("{} passed, {failed} failed, {skipped} skipped", self.passed);
        if failed > 0 { Err(String::new()) } else { Ok(()) }
    }
}

fn read(finished: Result<Finished, String>) -> (Duration, String, bool) {
    match finished {
        Ok(finished) => (finished.took, finished.output.clone(), finished.succeeded()),
        Err(error) => (Duration::ZERO, error, false),
    }
}

/// The lines that tell what went wrong stand last; the whole output is in its file.
fn end_of(output: &str) -> &str {
    let start = output.rmatch_indices('\n').nth(SHOWN_LINES - 1).map_or(0, |(at, _)| at + 1);
    &output[start..]
}

fn figures(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter(|line| FIGURES.iter().any(|begin| line.starts_with(begin)))
}

fn line(name: &str, took: Duration, verdict: &str) {
    println!("{name:<22} {:>7.1} s  {verdict}", took.as_secs_f64());
}

/// `test NAME ... FAILED`, `test result: ok. 3 passed; 0 failed; 1 ignored; …`, and the tests' own `SKIPPED` lines.
fn cargo_counts(output: &str) -> Counts {
    let mut counts = Counts { skipped: skipped(output), ..Counts::default() };
    let mut ignored = 0;
    for line in output.lines() {
        if let Some(result) = line.strip_prefix("test result: ") {
            counts.passed += number_before(result, " passed");
            ignored += number_before(result, " ignored");
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            counts.failed.push(name.to_owned());
        }
    }
    // A test that could not run and said so: a harness of our own counts it as ignored, cargo's as passed.
    let said = counts.skipped.len();
    counts.passed = counts.passed.saturating_sub(said.saturating_sub(ignored));
    counts.skipped.extend((said..ignored).map(|_| "a test marked #[ignore]".to_owned()));
    counts
}

/// The `FAILED`, `ERROR` and `SKIPPED` lines of pytest, and its last line with the counts.
fn python_counts(output: &str) -> Counts {
    let mut counts = Counts { skipped: skipped(output), ..Counts::default() };
    for line in output.lines() {
        let failed = line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR "));
        counts.failed.extend(failed.map(str::to_owned));
    }
    let last = output.lines().rev().find(|line| line.contains(" in ")).unwrap_or_default();
    counts.passed = number_before(last, " passed");
    counts
}

/// Lines `SKIPPED name: why`, each once.
fn skipped(output: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in output.lines().filter_map(|line| line.trim_start().strip_prefix("SKIPPED ")) {
        if !found.iter().any(|other| other == line) {
            found.push(line.to_owned());
        }
    }
    found
}

fn number_before(text: &str, word: &str) -> usize {
    let Some((before, _)) = text.split_once(word) else { return 0 };
    let digits = before.rsplit(|letter: char| !letter.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_output_is_counted() {
        let output = "test a::b ... ok\nSKIPPED c: no root\ntest d ... FAILED\n\
            test result: FAILED. 5 passed; 1 failed; 1 ignored; 0 measured\ntest result: ok. 2 passed; 0 failed; 0 ignored";
        let counts = cargo_counts(output);
        assert_eq!(counts.passed, 7, "our own harness counts what it skipped as ignored");
        assert_eq!(counts.failed, ["d"]);
        assert_eq!(counts.skipped, ["c: no root"]);
        let counts =
            cargo_counts("SKIPPED c: no root\ntest result: ok. 5 passed; 0 failed; 0 ignored; 0 measured");
        assert_eq!((counts.passed, counts.skipped.len()), (4, 1), "cargo's own counts it as passed");
        let counts = cargo_counts("test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured");
        assert_eq!((counts.passed, counts.skipped.len()), (5, 2));
    }

    #[test]
    fn pytest_output_is_counted() {
        let output = "..F\nFAILED test_x.py::test_y - AssertionError\nSKIPPED aws2: missing\n\
            1 failed, 12 passed, 1 skipped in 3.21s";
        let counts = python_counts(output);
        assert_eq!((counts.passed, counts.failed.len(), counts.skipped.len()), (12, 1, 1));
    }

    #[test]
    fn figures_are_shown_of_what_passed_too() {
        let output = "test a ... ok\nATTACKS Privileged: 1 of 1 held, 0 not enforceable\n.\nNEIGHBOUR of a fork bomb: 1 ms\n.";
        assert_eq!(figures(output).count(), 2);
    }

    #[test]
    fn only_the_end_of_a_long_output_is_shown() {
        let long = "line\n".repeat(SHOWN_LINES * 2) + "last";
        assert_eq!(end_of(&long).lines().count(), SHOWN_LINES);
        assert_eq!(end_of("short"), "short");
    }

    #[test]
    fn a_crash_without_a_result_is_a_failure() {
        let mut tally = Tally::default();
        let finished =
            Finished { status: None, output: "error: could not compile".into(), took: Duration::ZERO };
        tally.cargo_tests("unit tests", Ok(finished));
        assert!(tally.close().is_err());
    }
}
