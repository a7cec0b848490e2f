//! What can keep the command from its work. Each message says what to do next.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the configuration {}: {source}", path.display())]
    ReadConfiguration { path: PathBuf, source: io::Error },
    #[error("the configuration {} is not right:\n{source}", path.display())]
    Configuration { path: PathBuf, source: Box<toml::de::Error> },
    #[error("in the configuration, {setting}: {problem}")]
    Setting { setting: &'static str, problem: String },
    #[error(
        "{0} is not a loopback address, and Lambent speaks plain HTTP: listen on 127.0.0.1 or [::1], and put a proxy with \
         TLS in front of it"
    )]
    NotLoopback(SocketAddr),
    #[error("--bootstrap-account and --bootstrap-access-key must be given equally often")]
    BootstrapPairs,
    #[error(
        "the root key {} of this data does not exist: restore it from its backup, or say where it is with root_key in the \
         configuration",
        path.display()
    )]
    NoRootKey { path: PathBuf },
    #[error("{0}. Choose another data directory with --data-dir")]
    DataDirectory(store::StoreError),
    #[error("cannot start the spawner: {0}")]
    Spawner(#[from] sandbox::StartError),
    #[error(
        "this machine can't isolate functions, and nothing is served without:\n{0}`lambent doctor` shows what this machine has."
    )]
    NoIsolation(String),
    #[error(
        "this machine can't enforce everything that isolates functions:\n{0}Accept that with --accept-weak-isolation if you trust \
         the code that will run. `lambent doctor` shows what this machine has."
    )]
    WeakIsolation(String),
    #[error(transparent)]
    Doctor(#[from] crate::doctor::DoctorError),
    #[error(
        "[egress] lets functions reach something, and this machine can't make that safe: {0}. Change that, or remove [egress] \
         from the configuration"
    )]
    NoEgress(String),
    #[error("cannot give up root's rights, which the service must not have: {0}")]
    DropPrivileges(io::Error),
    #[error(
        "cannot open {} without root's rights, which the service gives up when it has started: {source}. Everybody must be \
         allowed to enter (chmod o+x) the directories that it is in, or they must be root's; or choose another place",
        path.display()
    )]
    OutOfReach { path: PathBuf, source: io::Error },
    #[error("cannot watch the spawner: {0}")]
    WatchSpawner(io::Error),
    #[error(
        "the spawner has died, and every environment with it: something killed it, or it has a defect. Functions can't be run \
         without one, and it can only be started with the service. Start that again (a service manager does)"
    )]
    SpawnerDied,
    #[error("cannot start the asynchronous runtime: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Queue(#[from] queue::QueueError),
    #[error(transparent)]
    Seal(#[from] seal::SealError),
    #[error(
        "cannot listen on {address}: {source}. Is another service, or Lambent, on that port? Choose one with --listen"
    )]
    Listen { address: SocketAddr, source: io::Error },
    #[error("runtimes: {0}")]
    Runtimes(#[from] worker::runtimes::RuntimesError),
    #[error("cannot prepare the first account: {0}")]
    FirstAccount(services::iam::IamError),
    #[error("cannot keep the first access key in {}: {source}", path.display())]
    KeepFirstKey { path: PathBuf, source: io::Error },
    #[error(
        "there is no first access key in {}: start Lambent once with `lambent serve`, or name the data directory with \
         --data-dir",
        path.display()
    )]
    NoFirstKey { path: PathBuf },
    #[error("cannot read {}: {source}", path.display())]
    ReadData { path: PathBuf, source: io::Error },
    #[error("cannot open {}: {source}", path.display())]
    OpenFirstKey { path: PathBuf, source: seal::SealError },
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    #[error("these operations have no handler: {0:?}. This is a defect")]
    Unwired(Vec<String>),
    #[error("the demo failed: {0}")]
    Demo(#[from] crate::demo::DemoError),
    #[error("cannot handle signals: {0}")]
    Signals(io::Error),
}
