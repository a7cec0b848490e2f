//! `lambent doctor`: which protections hold on this machine, shown by attacking its own environments.
//!
//! ```text
//! workplace ─ spawner (before any thread) ─ attacks, in a thread ─ report ─ text or JSON
//!      └──────────── Ctrl-C ends the spawner, the attacks end for want of it, everything made is removed
//! ```
//! Invariant: the exit code is 0 if everything that is configured is in force, 1 if something is not, 2 if that could not be
//! found out.

mod host;
mod json;
mod report;
mod run;
mod text;
mod workplace;
mod wrap;

use crate::cli::DoctorArguments;
use crate::config::Configuration;
use crate::error::Error;
use crate::output;
use host::Host;
use report::{Report, Verdict};
use run::{Bench, Started};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The code for an answer that could not be had.
const UNKNOWN: u8 = 2;

/// Why there is no answer. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoctorError {
    #[error(
        "cannot prepare {}: {source}. The attacks need a directory with room for this program twice: name one with the \
         environment variable TMPDIR",
        path.display()
    )]
    Workplace { path: PathBuf, source: io::Error },
    #[error(
        "{} already runs of doctor, or other users' directories of that name, are in {}: wait for them, or name another \
         directory with the environment variable TMPDIR",
        workplace::MOST,
        .0.display()
    )]
    TooMany(PathBuf),
    #[error("cannot start the spawner: {0}")]
    Spawner(sandbox::StartError),
    #[error("cannot put the attacks' code into memory: {0}")]
    Staging(io::Error),
    #[error("the attacks could not be tried to their end: {0}")]
    Attacks(sandbox::AttackError),
    #[error("nothing was heard of the attack {0}. This is a defect")]
    NoWord(&'static str),
    #[error("interrupted; everything that was made for the attacks is removed")]
    Interrupted,
    #[error("the thread of the attacks ended by a defect")]
    Lost,
}

/// What the operator asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Also the attacks that disturb neighbours.
    all: bool,
    /// Layers that every environment lacks, in builds for tests.
    #[cfg(feature = "weaken")]
    without: Vec<sandbox::Layer>,
}

impl Wanted {
    fn of(arguments: &DoctorArguments) -> Self {
        Self {
            all: arguments.all,
            #[cfg(feature = "weaken")]
            without: arguments.without.clone(),
        }
    }
}

/// Runs it; the exit code.
pub(crate) fn run(arguments: &DoctorArguments) -> ExitCode {
    crate::logging::start("warn");
    match examine(arguments) {
        Ok(Verdict::Pass) => ExitCode::SUCCESS,
        Ok(Verdict::Fail) => ExitCode::FAILURE,
        Err(error) => {
            crate::complain(&error);
            ExitCode::from(UNKNOWN)
        }
    }
}

fn examine(arguments: &DoctorArguments) -> Result<Verdict, Error> {
    let configuration = Configuration::for_doctor(arguments)?;
    // Of one thread, which is this one: the spawner can still be started.
    let asynchronous =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    let interrupts = asynchronous.block_on(async { Interrupts::catch() })?;
    let wanted = Wanted::of(arguments);
    let report = match Bench::set_up(&configuration, &wanted)? {
        Started::Missing(report) => report,
        Started::Ready(bench) => {
            asynchronous.block_on(attack(bench, configuration.clone(), wanted, interrupts))?
        }
    };
    let host = Host::look(&configuration);
    if arguments.json {
        output::line(format_args!("{}", json::write(&report, &host)))?;
    } else {
        output::line(format_args!("{}", text::write(&report, &host, &text::Layout::of(arguments))))?;
    }
    Ok(report.verdict())
}

/// The attacks block, and so have a thread of their own; this one waits for them and for signals.
async fn attack(
    bench: Bench,
    configuration: Configuration,
    wanted: Wanted,
    mut interrupts: Interrupts,
) -> Result<Report, DoctorError> {
    let bench = Arc::new(bench);
    let other = Arc::clone(&bench);
    let mut running = tokio::task::spawn_blocking(move || other.run(&configuration, &wanted));
    tokio::select! {
        report = &mut running => report.unwrap_or(Err(DoctorError::Lost)),
        () = interrupts.next() => {
            bench.end();
            tokio::select! {
                // What it found is of no more interest.
                _ = running => Err(DoctorError::Interrupted),
                // Whoever is asked twice doesn't wait. The spawner ends by itself; the next run removes the directory.
                () = interrupts.next() => std::process::exit(UNKNOWN.into()),
            }
        }
    }
}

/// The signals by which an operator, a closed terminal or a service manager ends a command.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Interrupts {
    fn catch() -> Result<Self, Error> {
        let catch = |kind| signal(kind).map_err(Error::Signals);
        Ok(Self {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
            hang_up: catch(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
