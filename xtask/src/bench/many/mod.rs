//! `cargo xtask bench many`: an account with 100,000 functions beside one with ten, each on a platform of its own, all
//! functions created through the API.
//!
//! Invariant: what is asked of both sides is the same, in turns; only what the accounts hold differs.

mod account;
mod restarts;
mod rounds;
mod turns;

use std::fs;

use serde_json::json;

use super::connection::text;
use super::statistics::{Figures, Goal};
use super::{report, subjects};
use crate::program;
use crate::test::environment;
use crate::workspace::Workspace;
use account::{Account, Model};

const FEW: usize = 10;
const MANY: usize = 100_000;
const ROUNDS: usize = 5;
/// What a call may cost with many functions, as a ratio to what it costs with few.
const NO_DEARER: Goal = Goal::AtMost(1.2);

/// Both sides, and what was found out.
struct Comparison {
    few: Account,
    many: Account,
    figures: Figures,
}

/// Measures, prints, and writes docs/benchmarks/many-functions.json. `args`: nothing, or another number of functions, for
/// a look.
pub(super) fn run(args: &[String]) -> Result<(), String> {
    let functions = match args.first() {
        None => MANY,
        Some(text) => text.parse().map_err(|_| format!("many takes a number of functions, not `{text}`"))?,
    };
    if functions < FEW * rounds::FUNCTIONS {
        return Err(format!("{functions} are not many functions: at least {}", FEW * rounds::FUNCTIONS));
    }
    let workspace = Workspace::read()?;
    let data = workspace.target.join("bench/many");
    drop(fs::remove_dir_all(&data));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let compared = prepare(&workspace, functions).and_then(|both| runtime.block_on(both.compare(&workspace)));
    fs::remove_dir_all(&data).map_err(text)?;
    compared
}

fn prepare(workspace: &Workspace, functions: usize) -> Result<Comparison, String> {
    let (dir, logs) = (workspace.target.join("bench"), workspace.target.join("test-logs"));
    for dir in [&dir.join("task"), &dir.join("many"), &logs] {
        fs::create_dir_all(dir).map_err(text)?;
    }
    let mut build = program::cargo(&workspace.root);
    program::answer(build.args(["build", "--quiet", "--release", "--bin", "lambent"]))?;
    let python = environment::python(workspace, &logs)?;
    let subject = subjects::python(&python, &dir.join("task"))?;
    let zip = subject.zip(&python)?;
    let model = Model { runtime: subject.runtime, handler: subject.handler, zip };
    let program = workspace.target.join("release/lambent");
    let account = |functions: usize| {
        Account::new(&program, &dir.join(format!("many/{functions}")), model.clone(), functions)
    };
    Ok(Comparison { few: account(FEW)?, many: account(functions)?, figures: Figures::default() })
}

impl Comparison {
    async fn compare(mut self, workspace: &Workspace) -> Result<(), String> {
        let functions = self.many.functions;
        self.few.fill().await?;
        let took = self.many.fill().await?;
        let rate = functions as f64 / took.as_secs_f64();
        println!("{functions} functions created in {:.0} s, {rate:.0} per second", took.as_secs_f64());
        for round in 1..=ROUNDS {
            println!("restart {round} of {ROUNDS}");
            self = self.restarts(round).await?;
        }
        for account in [&mut self.few, &mut self.many] {
            account.list_all().await?;
        }
        for round in 0..ROUNDS {
            println!("round {} of {ROUNDS}", round + 1);
            self.round(round).await?;
        }
        self.at_the_end().await?;
        drop((self.few, self.many));
        let about = json!({
            "functions": functions, "peer": format!("the same platform with {FEW} functions"),
            "created": {"connections": account::CONNECTIONS, "seconds": took.as_secs_f64(), "per_second": rate},
        });
        report::write_as(&workspace.root, "many-functions.json", about, &self.figures.0)
    }
}
