//! `lambent runtimes`, and the runtimes that `serve` makes at its first start.

use crate::cli::{RuntimesAction, RuntimesArguments};
use crate::config::Configuration;
use crate::error::Error;
use std::path::Path;
use worker::runtimes::{Candidate, Runtimes};

const FOLDER: &str = "runtimes";

/// Shows or adds.
pub(crate) fn run(arguments: &RuntimesArguments) -> Result<(), Error> {
    crate::logging::start();
    let configuration = Configuration::read(&arguments.data)?;
    let folder = configuration.data_dir().join(FOLDER);
    match &arguments.action {
        None => show(&folder),
        Some(RuntimesAction::Add { name, prefix }) => {
            let mut runtimes = Runtimes::open(&folder)?;
            runtimes.add(name, prefix)?;
            println!("Added {name}. A running platform offers it after its next start.");
            Ok(())
        }
    }
}

fn show(folder: &Path) -> Result<(), Error> {
    let runtimes = Runtimes::open(folder)?;
    if runtimes.names().is_empty() {
        println!("No runtimes yet: `lambent serve` makes those that it finds on this host.");
    }
    for name in runtimes.names() {
        if let Some(runtime) = runtimes.get(&name) {
            println!("{name:<20} {:<28} {}", runtime.version, runtime.root.display());
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
