//! `lambent runtimes`, and the runtimes that `serve` makes at its first start.

use crate::cli::{RuntimesAction, RuntimesArguments};
use crate::config::Configuration;
use crate::error::Error;
use crate::output;
use std::path::Path;
use store::DataDirectory;
use types::RuntimeName;
use worker::runtimes::{Candidate, Runtimes};

const FOLDER: &str = "runtimes";

/// Shows or adds.
pub(crate) fn run(arguments: &RuntimesArguments) -> Result<(), Error> {
    crate::logging::start("warn");
    let data_dir = Configuration::read(&arguments.data)?.data_dir();
    match &arguments.action {
        None => show(&data_dir.join(FOLDER)),
        Some(RuntimesAction::Add { name, prefix }) => add(&data_dir, name, prefix),
    }
}

/// Only while no platform uses the data directory: an environment may be running on the one that is replaced.
fn add(data_dir: &Path, name: &RuntimeName, prefix: &Path) -> Result<(), Error> {
    let directory = DataDirectory::open(data_dir).map_err(Error::DataDirectory)?;
    let mut runtimes = Runtimes::open(&directory.path().join(FOLDER))?;
    let runtime = runtimes.add(name, prefix)?;
    let version = &runtime.version;
    output::line(format_args!("Made {name} ({version}). `lambent serve` offers it from its next start on."))
}

fn show(folder: &Path) -> Result<(), Error> {
    // Looking at what isn't there makes nothing.
    let there = folder.try_exists().map_err(|source| Error::ReadData { path: folder.to_owned(), source })?;
    let runtimes = if there { Runtimes::open(folder)? } else { Runtimes::default() };
    for candidate in runtimes.outdated() {
        output::line(format_args!("{:<20} made again by the next `lambent serve`", candidate.name.as_str()))?;
    }
    if runtimes.names().is_empty() && runtimes.outdated().is_empty() {
        output::line(format_args!(
            "No runtimes in {}: `lambent serve` makes those that it finds on this host. --data-dir names another data directory.",
            folder.display()
        ))?;
    }
    for name in runtimes.names() {
        if let Some(runtime) = runtimes.get(&name) {
            let (version, root) = (&runtime.version, runtime.root.display());
            output::line(format_args!("{:<20} {version:<28} {root}", name.as_str()))?;
        }
    }
    Ok(())
}

/// The installed runtimes; those that this host has interpreters for are made at the first start, and those that another
/// release made, or whose interpreter has changed, are made again.
pub(crate) fn prepare(data_dir: &Path) -> Result<Runtimes, Error> {
    let mut runtimes = Runtimes::open(&data_dir.join(FOLDER))?;
    let wanted = [runtimes.outdated().to_vec(), Runtimes::discover()].concat();
    for candidate in wanted {
        if runtimes.get(&candidate.name).is_none() {
            tracing::info!(runtime = %candidate.name, "making a runtime from this host");
            make(&mut runtimes, &candidate);
        }
    }
    Ok(runtimes)
}

/// One that can't be made doesn't keep the others from being served.
fn make(runtimes: &mut Runtimes, candidate: &Candidate) {
    if let Err(error) = runtimes.add(&candidate.name, &candidate.prefix) {
        tracing::error!(runtime = %candidate.name, %error, "the runtime could not be made, and its functions can't run");
    }
}
