//! `lambent serve`: from the command line to a running service, and to its end.

mod accounts;
mod isolation;
mod platform;

use crate::cli::ServeArguments;
use crate::config::Configuration;
use crate::demo;
use crate::error::Error;
use crate::first_key::FirstKey;
use platform::Platform;
use sandbox::Spawner;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use worker::runtimes::Runtimes;

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Error> {
    crate::logging::start();
    let mut configuration = Configuration::for_serve(arguments)?;
    let dir = make_data_dir(&configuration.data_dir())?;
    configuration.data_dir = Some(dir.clone());
    let spawner = isolation::start(&configuration)?;
    let runtimes = crate::runtimes::prepare(&dir)?;
    let asynchronous =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    asynchronous.block_on(serve(arguments, &configuration, spawner, runtimes))
}

/// Makes the data directory where there is none; its absolute path, which environments need.
fn make_data_dir(dir: &Path) -> Result<PathBuf, Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.and_then(|()| dir.canonicalize())
        .map_err(|source| Error::DataDirectory { path: dir.to_owned(), source })
}

async fn serve(
    arguments: &ServeArguments,
    configuration: &Configuration,
    spawner: Spawner,
    runtimes: Runtimes,
) -> Result<(), Error> {
    let listener = listen(configuration.listen()).await?;
    let address =
        listener.local_addr().map_err(|source| Error::Listen { address: configuration.listen(), source })?;
    let platform = Platform::open(configuration, spawner, runtimes).await?;
    let first = accounts::prepare(arguments, configuration, address, &platform).await?;
    let stop = stop_signal()?;
    let (server, running) = platform.run(listener, stop).await?;
    tracing::info!(%address, "listening on http://{address} (plain HTTP: loopback only)");
    if let Some(new) = first.as_ref().filter(|f| f.is_new) {
        print_key(&new.key);
    }
    if arguments.demo
        && let Some(first) = &first
    {
        demo::run(&first.key, running.runtimes()).await?;
        println!("\nServing on http://{address}. Stop with Ctrl-C.");
    }
    if let Err(error) = server.await {
        tracing::error!(%error, "the server ended by a defect");
    }
    running.finish().await;
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })
}

fn print_key(key: &FirstKey) {
    println!(
        "Account {} was created. Its owner's access key, for the AWS CLI and SDKs (again with `lambent env`):\n\n{}",
        key.account,
        key.export_lines()
    );
}

/// Done at the first SIGINT or SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: running invocations are finished first");
    })
}
