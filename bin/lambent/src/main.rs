//! The `lambent` command: configuration, wiring, listeners, shutdown and operator commands; no logic.
//!
//! Invariant: the spawner starts before any thread does, so `main` is plain and makes the asynchronous runtime itself.

#![allow(clippy::print_stderr, reason = "a command talks to its terminal")]

mod cli;
mod config;
mod demo;
mod doctor;
mod egress;
mod env;
mod error;
mod first_key;
mod logging;
mod output;
mod remedies;
mod runtimes;
mod serve;
mod system;

use clap::Parser;
use cli::{Cli, Command};
use error::Error;
use std::process::ExitCode;

/// Takes less time for each invocation than the C library's, and less memory when idle.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = sandbox::run_if_spawner() {
        return code;
    }
    if let Some(code) = sandbox::attacks::run_if_attacker() {
        return code;
    }
    let done = match Cli::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Doctor(arguments) => return doctor::run(&arguments),
        Command::Env(arguments) => env::print(&arguments),
        Command::Runtimes(arguments) => runtimes::run(&arguments),
        Command::Version => output::line(format_args!("lambent {}", env!("CARGO_PKG_VERSION"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Tells the person at the terminal why a command could not do its work.
fn complain(error: &Error) {
    eprintln!("lambent: {error}");
}
