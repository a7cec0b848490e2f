//! An isolation without isolation, for tests: a "runtime" is a task of this process that speaks the Runtime API over real
//! loopback connections and prints into a real pipe.
//!
//! With it every behaviour of an environment is tested without privileges, and with tokio's paused clock.

mod guest;

pub use guest::{Guest, Reply};

use crate::sync::lock;
use crate::{Cell, CellSpec, Isolation, IsolationError, Memory, Started};
use std::io::{self, PipeWriter, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::unix::pipe;
use tokio::task::AbortHandle;
use types::BoxFuture;

/// A runtime's program: what it returns is its wait status (`256 * exit code`, or a signal's number).
pub type Program = Arc<dyn Fn(Guest) -> BoxFuture<'static, i32> + Send + Sync>;

/// The simulated isolation. Every environment runs the same program; [`Guest::start`] tells the starts apart.
pub struct Simulation {
    staging: tempfile::TempDir,
    area: OwnedFd,
    program: Program,
    shared: Arc<Shared>,
    handle: tokio::runtime::Handle,
}

#[derive(Default)]
struct Shared {
    started: AtomicUsize,
    alive: AtomicUsize,
    frozen: AtomicUsize,
    specs: Mutex<Vec<CellSpec>>,
    shares: Mutex<Vec<u32>>,
}

impl Simulation {
    /// With this program for every runtime. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// Where no temporary directory can be made.
    pub fn new<F>(program: impl Fn(Guest) -> F + Send + Sync + 'static) -> io::Result<Self>
    where
        F: Future<Output = i32> + Send + 'static,
    {
        let staging = tempfile::tempdir()?;
        let area = std::fs::File::open(staging.path())?.into();
        let program: Program = Arc::new(move |guest| Box::pin(program(guest)));
        let handle = tokio::runtime::Handle::current();
        Ok(Self { staging, area, program, shared: Arc::default(), handle })
    }

    /// How many cells have been made.
    pub fn started(&self) -> usize {
        self.shared.started.load(Ordering::SeqCst)
    }

    /// How often cells were frozen.
    pub fn frozen(&self) -> usize {
        self.shared.frozen.load(Ordering::SeqCst)
    }

    /// How many cells exist.
    pub fn alive(&self) -> usize {
        self.shared.alive.load(Ordering::SeqCst)
    }

    /// What the cells were made from, in order.
    pub fn specs(&self) -> Vec<CellSpec> {
        lock(&self.shared.specs).clone()
    }

    /// The processor time that cells were given after they had been made, in order, in thousandths of a processor.
    pub fn shares(&self) -> Vec<u32> {
        lock(&self.shared.shares).clone()
    }

    /// Where the code trees are.
    pub fn staging_path(&self) -> &std::path::Path {
        self.staging.path()
    }
}

impl Isolation for Simulation {
    fn staging(&self) -> BorrowedFd<'_> {
        self.area.as_fd()
    }

    fn create(&self, spec: &CellSpec) -> Result<Started, IsolationError> {
        self.make(spec).map_err(IsolationError::machine)
    }
}

impl Simulation {
    fn make(&self, spec: &CellSpec) -> io::Result<Started> {
        let _context = self.handle.enter();
        let runtime_api = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let platform = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let (channel, inside) = if spec.channel { Some(UnixStream::pair()?).unzip() } else { (None, None) };
        let (output, printer) = io::pipe()?;
        let (status, dying) = io::pipe()?;
        let (pidfd, dead) = io::pipe()?;
        let printer: OwnedFd = printer.into();
        let gauge = Arc::new(Gauge::default());
        let start = self.shared.started.fetch_add(1, Ordering::SeqCst);
        lock(&self.shared.specs).push(spec.clone());
        let guest = Guest {
            start,
            spec: spec.clone(),
            api: runtime_api.local_addr()?,
            platform: platform.local_addr()?,
            channel: inside,
            output: pipe::Sender::from_owned_fd(printer)?,
            connection: None,
            gauge: Arc::clone(&gauge),
        };
        let death = Death { status: dying, _pidfd: dead };
        let death = Arc::new(Mutex::new(Some(death)));
        let (program, dying) = ((self.program)(guest), Arc::clone(&death));
        let task = self.handle.spawn(async move {
            let status = program.await;
            die(&dying, status);
        });
        self.shared.alive.fetch_add(1, Ordering::SeqCst);
        let cell =
            SimulatedCell { task: task.abort_handle(), death, gauge, shared: Arc::clone(&self.shared) };
        let (output, status, pidfd) = (output.into(), status.into(), pidfd.into());
        Ok(Started { runtime_api, platform, dns: None, channel, output, status, pidfd, cell: Arc::new(cell) })
    }
}

/// Held while the simulated processes live.
struct Death {
    status: PipeWriter,
    _pidfd: PipeWriter,
}

fn die(death: &Mutex<Option<Death>>, status: i32) {
    if let Some(mut death) = lock(death).take() {
        // Nobody may be interested any more.
        let _ = death.status.write_all(&status.to_ne_bytes());
    }
}

#[derive(Default)]
struct Gauge {
    used: AtomicU64,
    frozen: AtomicBool,
    is_stuck: AtomicBool,
    oom_killed: AtomicBool,
}

struct SimulatedCell {
    task: AbortHandle,
    death: Arc<Mutex<Option<Death>>>,
    gauge: Arc<Gauge>,
    shared: Arc<Shared>,
}

impl Cell for SimulatedCell {
    fn kill(&self) {
        self.task.abort();
        die(&self.death, 9);
    }

    fn freeze(&self) -> io::Result<bool> {
        let was_frozen = self.gauge.frozen.swap(true, Ordering::SeqCst);
        assert!(!was_frozen, "it was frozen already");
        self.shared.frozen.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }

    fn thaw(&self) -> io::Result<()> {
        self.gauge.frozen.store(false, Ordering::SeqCst);
        if self.gauge.is_stuck.load(Ordering::SeqCst) { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }

    fn set_cpu(&self, millis: u32) {
        lock(&self.shared.shares).push(millis);
    }

    fn memory(&self) -> Memory {
        let used = self.gauge.used.load(Ordering::SeqCst);
        Memory { counted: used, peak: Some(used) }
    }

    fn oom_killed(&self) -> bool {
        self.gauge.oom_killed.load(Ordering::SeqCst)
    }
}

impl Drop for SimulatedCell {
    fn drop(&mut self) {
        self.kill();
        self.shared.alive.fetch_sub(1, Ordering::SeqCst);
    }
}
