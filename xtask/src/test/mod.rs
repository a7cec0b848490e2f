//! `cargo xtask test`: installs what is missing, checks everything, tests everything, and ends with one summary.
//!
//! The order is that of what fails fastest. A step that fails doesn't stop the next ones, unless they need its result.

pub(crate) mod environment;
mod guest;
mod javascript;
pub(crate) mod native;
mod rust_client;
mod tally;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use environment::Environment;
use tally::Tally;

use crate::workspace::Workspace;
use crate::{deny, nothing, program, tidy};

/// Each exception from a lint has to say why.
const LINTS: &[&str] = &[
    "clippy",
    "--workspace",
    "--all-targets",
    "--all-features",
    "--",
    "-D",
    "warnings",
    "-D",
    "clippy::allow_attributes_without_reason",
];

/// Which tests to run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    All,
    Quick,
    Slow,
    /// The sandbox's tests on other kernels, and nothing else.
    Guest,
}

struct Selection {
    tier: Tier,
    names: Vec<String>,
}

impl Selection {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut selection = Self { tier: Tier::All, names: Vec::new() };
        for arg in args {
            match arg.as_str() {
                "--quick" => selection.tier = Tier::Quick,
                "--slow" => selection.tier = Tier::Slow,
                "--guest" => selection.tier = Tier::Guest,
                option if option.starts_with('-') => return Err(format!("test has no option `{option}`")),
                name => selection.names.push(name.to_owned()),
            }
        }
        Ok(selection)
    }

    /// Formatting, lints and the like are checked unless single tests were asked for.
    fn checks(&self) -> bool {
        self.tier != Tier::Slow && self.names.is_empty()
    }

    /// A virtual machine is part of a whole run only.
    fn guest(&self) -> bool {
        self.tier == Tier::All && self.names.is_empty()
    }

    /// Tests of the crates. In the slow tier only those that take a sample otherwise.
    fn crates(&self) -> bool {
        self.tier != Tier::Slow
    }

    /// Whether those take all instead.
    fn whole(&self) -> bool {
        self.tier != Tier::Quick
    }
}

/// One run of the suite.
struct Suite {
    workspace: Workspace,
    selection: Selection,
    environment: Environment,
    logs: PathBuf,
    tally: Tally,
}

/// Runs the suite; an error when anything failed.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let selection = Selection::read(args)?;
    let workspace = Workspace::read()?;
    let logs = workspace.target.join("test-logs");
    fs::create_dir_all(&logs).map_err(|error| {
        format!("{}: {error}; set CARGO_TARGET_DIR to a folder that you may write", logs.display())
    })?;
    let mut tally = Tally::default();
    if selection.tier == Tier::Guest {
        let mut suite = Suite { workspace, selection, environment: Environment::none(), logs, tally };
        suite.guest(true);
        return suite.tally.close();
    }
    let environment = Environment::prepare(&workspace, &logs, &mut tally);
    let mut suite = Suite { workspace, selection, environment, logs, tally };
    suite.checks();
    suite.crates();
    suite.ten_thousand();
    suite.clients();
    if suite.selection.guest() {
        suite.guest(false);
    }
    suite.tally.close()
}

impl Suite {
    fn checks(&mut self) {
        if !self.selection.checks() {
            return;
        }
        self.check("format", &["fmt", "--all", "--check"]);
        self.tidy();
        self.check("lints", LINTS);
        if deny::installed() {
            self.check("dependencies", &["deny", "check"]);
        } else {
            self.tally.skip("dependencies", deny::MISSING);
        }
    }

    fn check(&mut self, name: &str, args: &[&str]) -> bool {
        let mut command = program::cargo(&self.workspace.root);
        let finished = program::run(command.args(args), &self.log(name));
        self.tally.check(name, finished)
    }

    fn tidy(&mut self) {
        let broken = match tidy::check(&self.workspace) {
            Ok(findings) => findings.errors,
            Err(error) => vec![error],
        };
        self.tally.verdict("tidy", &broken);
    }

    /// Unit tests first, then those that start processes or servers of their own, then the documentation's.
    fn crates(&mut self) {
        if !self.selection.crates() {
            self.cargo_test("frozen", &["--package", "worker", "--test", "sandboxed"], &["frozen"]);
            return self.samples(&["failures_of", "failures_inside"]);
        }
        self.cargo_test("unit tests", &["--workspace", "--lib", "--bins"], &[]);
        self.cargo_test(
            "integration tests",
            &["--workspace", "--exclude", "sandbox", "--exclude", "lambent", "--test", "*"],
            &[],
        );
        self.samples(&[]);
        self.cargo_test("documentation tests", &["--workspace", "--doc"], &[]);
    }

    /// Those that take a sample in the quick tier, of which these in the sandbox's.
    fn samples(&mut self, cases: &[&str]) {
        // Beside each attack its twin in a sandbox without that layer. Only these two programs are ever built with `weaken`.
        self.cargo_test(
            "attacks and twins",
            &["--package", "sandbox", "--features", "weaken,failpoints", "--test", "*"],
            cases,
        );
        // The same for the command: `doctor` has to notice a layer that is left out.
        self.cargo_test(
            "doctor without a layer",
            &["--package", "lambent", "--features", "weaken", "--test", "doctor_weakened"],
            &[],
        );
    }

    /// Those of the names that were asked for, or else of these.
    fn cargo_test(&mut self, name: &str, targets: &[&str], cases: &[&str]) {
        let mut command = program::cargo(&self.workspace.root);
        command.args(["test", "--no-fail-fast"]).args(targets);
        // Tests say on standard error what they could not do; without this cargo would hide it.
        command.args(["--", "--show-output"]).args(&self.selection.names);
        if self.selection.names.is_empty() {
            command.args(cases);
        }
        if self.selection.whole() {
            command.env("LAMBENT_TEST_WHOLE", "1");
        }
        if let Some(python) = &self.environment.python {
            command.env("LAMBENT_TEST_PYTHON", python);
        }
        let finished = program::run(&mut command, &self.log(name));
        self.tally.cargo_tests(name, finished);
    }

    /// Makes and destroys ten thousand environments, and compares what there was before and after.
    fn ten_thousand(&mut self) {
        const NAME: &str = "ten thousand environments";
        if self.selection.tier == Tier::Quick || !self.selection.names.is_empty() {
            return;
        }
        let dir = self.workspace.target.join("ten-thousand");
        let built = nothing::build(&dir).and_then(|program| {
            let environments = nothing::environments(&self.workspace)?;
            Ok((environments, program))
        });
        let finished = built.and_then(|(environments, nothing)| {
            let mut command = Command::new(environments);
            let finished = program::run(command.args(["soak", "10000"]).arg(nothing), &self.log(NAME))?;
            print!("{}", finished.output);
            Ok(finished)
        });
        self.tally.check(NAME, finished);
    }

    /// The real clients against the real binary.
    fn clients(&mut self) {
        let Some(python) = self.environment.python.clone() else {
            self.tally.skip("client tests", "they need the Python environment");
            return;
        };
        if !self.check("build of lambent", &["build", "--release", "--bin", "lambent"]) {
            self.tally.skip("client tests", "lambent did not build");
            return;
        }
        let mut command = Command::new(python);
        command.current_dir(self.workspace.root.join("tests"));
        command.args(["-m", "pytest", "-p", "no:cacheprovider", "--tb=short", "-q"]);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("LAMBENT_BINARY", self.workspace.target.join("release/lambent"));
        self.name_tools(&mut command);
        self.select(&mut command);
        let finished = program::run(&mut command, &self.log("client tests"));
        self.tally.python_tests("client tests", finished);
    }

    fn name_tools(&mut self, command: &mut Command) {
        if let Some(aws) = &self.environment.aws_version_2 {
            command.env("LAMBENT_TEST_AWS2", aws);
        }
        if let Some(modules) = &self.environment.node_modules {
            command.env("LAMBENT_TEST_NODE_MODULES", modules);
        }
        match native::build(&self.workspace, &self.logs) {
            Ok(binary) => {
                command.env("LAMBENT_TEST_NATIVE", binary);
            }
            Err(why) => self.tally.skip("native function", &why),
        }
        if self.selection.tier == Tier::Quick {
            return;
        }
        match rust_client::build(&self.workspace, &self.logs) {
            Ok(program) => {
                command.env("LAMBENT_TEST_RUST_CLIENT", program);
            }
            Err(why) => self.tally.skip("Rust client", &why),
        }
    }

    fn select(&self, command: &mut Command) {
        match self.selection.tier {
            Tier::All | Tier::Guest => {}
            Tier::Quick => drop(command.args(["-m", "not slow"])),
            Tier::Slow => drop(command.args(["-m", "slow"])),
        }
        if !self.selection.names.is_empty() {
            command.args(["-k", &self.selection.names.join(" or ")]);
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{}.log", name.replace(' ', "-")))
    }
}
