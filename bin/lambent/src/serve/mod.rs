//! `lambent serve`: from the command line to a running service, and to its end.

mod accounts;
mod descriptors;
mod isolation;
mod platform;
mod privileges;
mod roles;
mod spawner;
mod start_record;

pub(crate) use isolation::spawner_name;

use crate::cli::ServeArguments;
use crate::config::Configuration;
use crate::demo;
use crate::error::Error;
use crate::first_key::FirstKey;
use crate::output::tell;
use platform::Platform;
use sandbox::Spawner;
use spawner::SpawnerWatch;
use std::io;
use std::net::{SocketAddr, TcpListener};
use store::DataDirectory;
use tokio::signal::unix::{Signal, SignalKind, signal};
use worker::runtimes::Runtimes;

/// Backlog of connections that are not accepted yet; the standard library's own is short of a burst.
const BACKLOG: i32 = 1024;

/// What one start has for itself before anything of it runs: nobody else can have its data directory or its address.
struct Taken {
    directory: DataDirectory,
    listener: TcpListener,
    address: SocketAddr,
}

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Error> {
    crate::logging::start("info");
    let mut configuration = Configuration::for_serve(arguments)?;
    let taken = take(&configuration)?;
    configuration.data_dir = Some(taken.directory.path().to_owned());
    descriptors::raise(configuration.worker.max_environments);
    let spawner = isolation::start(&configuration)?;
    let runtimes = crate::runtimes::prepare(taken.directory.path())?;
    privileges::drop_all(&[taken.directory.path(), &configuration.root_key()])?;
    let asynchronous =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    asynchronous.block_on(serve(arguments, &configuration, taken, spawner, runtimes))
}

/// Data without its root key is left alone: a new key would open none of it.
///
/// Before the spawner, which removes what an earlier start on this data directory left, and must not find a living one.
fn take(configuration: &Configuration) -> Result<Taken, Error> {
    let directory = DataDirectory::open(&configuration.data_dir()).map_err(Error::DataDirectory)?;
    let root_key = configuration.root_key();
    if FirstKey::is_in(directory.path())? && !root_key.exists() {
        return Err(Error::NoRootKey { path: root_key });
    }
    let (listener, address) = listen(configuration.listen())
        .map_err(|source| Error::Listen { address: configuration.listen(), source })?;
    Ok(Taken { directory, listener, address })
}

fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    rustix::net::listen(&listener, BACKLOG)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn serve(
    arguments: &ServeArguments,
    configuration: &Configuration,
    taken: Taken,
    spawner: Spawner,
    runtimes: Runtimes,
) -> Result<(), Error> {
    let Taken { directory, listener, address } = taken;
    let watch = SpawnerWatch::over(&spawner)?;
    let protections = spawner.protections().clone();
    let platform = Platform::open(configuration, directory, spawner, runtimes).await?;
    platform.record_start(&protections).await?;
    let first = accounts::prepare(arguments, configuration, address, &platform).await?;
    let (signal, ended) = (stop_signal()?, watch.clone());
    let stop = async move {
        tokio::select! {
            () = signal => {}
            () = ended.ended() => tracing::error!("{}", Error::SpawnerDied),
        }
    };
    let listener =
        tokio::net::TcpListener::from_std(listener).map_err(|source| Error::Listen { address, source })?;
    let (server, running) = platform.run(listener, stop).await?;
    tracing::info!(%address, "listening on http://{address} (plain HTTP: loopback only)");
    if let Some(new) = first.as_ref().filter(|f| f.is_new) {
        print_key(&new.key);
    }
    if arguments.demo
        && let Some(first) = &first
    {
        demo::run(&first.key, running.runtimes()).await?;
        tell(format_args!("\nServing on http://{address}. Stop with Ctrl-C. In another shell:\n"));
        let line = crate::env::line(&arguments.data, &configuration.data_dir());
        tell(format_args!("  {line}\n  aws lambda list-functions"));
    }
    sandbox::hand_back_program();
    if let Err(error) = server.await {
        tracing::error!(%error, "the server ended by a defect");
    }
    let died = watch.has_ended();
    running.finish().await;
    if died { Err(Error::SpawnerDied) } else { Ok(()) }
}

fn print_key(key: &FirstKey) {
    tell(format_args!(
        "Account {} was created. Its owner's access key, for the AWS CLI and SDKs (again with `lambent env`):\n\n{}\n",
        key.account,
        key.export_lines()
    ));
}

/// Done at the first SIGINT or SIGTERM. The second one doesn't wait: what was answered is on disk, and the spawner ends with
/// this process and takes the environments along.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    Ok(async move {
        either(&mut interrupt, &mut terminate).await;
        tracing::info!("stopping: running invocations are finished first; the same signal again ends them");
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            tracing::warn!("stopping at once");
            std::process::exit(1);
        });
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
