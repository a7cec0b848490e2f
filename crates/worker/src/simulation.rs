//! An isolation without isolation, for tests: a "runtime" is a task of this process that speaks the Runtime API over real
//! loopback connections and prints into a real pipe.
//!
//! With it every behaviour of an environment is tested without privileges, and with tokio's paused clock.

use crate::sync::lock;
use crate::{Cell, CellSpec, Isolation, IsolationError, Memory, Started};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use std::io::{self, PipeWriter, Write as _};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
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
    specs: Mutex<Vec<CellSpec>>,
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

    /// How many cells exist.
    pub fn alive(&self) -> usize {
        self.shared.alive.load(Ordering::SeqCst)
    }

    /// What the cells were made from, in order.
    pub fn specs(&self) -> Vec<CellSpec> {
        lock(&self.shared.specs).clone()
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
        self.make(spec).map_err(|error| IsolationError(Box::new(error)))
    }
}

impl Simulation {
    fn make(&self, spec: &CellSpec) -> io::Result<Started> {
        let _context = self.handle.enter();
        let runtime_api = std::net::TcpListener::bind(("127.0.0.1", 0))?;
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
        Ok(Started { runtime_api, output, status, pidfd, cell: Arc::new(cell) })
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

/// The inside of a simulated environment.
pub struct Guest {
    start: usize,
    spec: CellSpec,
    api: SocketAddr,
    output: pipe::Sender,
    connection: Option<SendRequest<Full<Bytes>>>,
    gauge: Arc<Gauge>,
}

/// An answer of the Runtime API.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The id of the invocation that a `next` handed out; empty for other answers.
    pub fn id(&self) -> String {
        let id = self.headers.get("lambda-runtime-aws-request-id");
        id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// `errorType` of a refusal.
    pub fn error_type(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["errorType"].as_str().unwrap_or_default().to_owned()
    }
}

impl Guest {
    /// The number of this start, from 0, among all of the simulation.
    pub fn start(&self) -> usize {
        self.start
    }

    /// What it was made from.
    pub fn spec(&self) -> &CellSpec {
        &self.spec
    }

    /// Where the Runtime API listens.
    pub fn api(&self) -> SocketAddr {
        self.api
    }

    /// Uses this much memory, in bytes.
    pub fn use_memory(&self, bytes: u64) {
        self.gauge.used.store(bytes, Ordering::SeqCst);
    }

    /// Is recorded as killed by the kernel for want of memory.
    pub fn mark_oom_killed(&self) {
        self.gauge.oom_killed.store(true, Ordering::SeqCst);
    }

    /// Prints, and waits while the pipe is full.
    ///
    /// # Errors
    /// Where nobody reads any more.
    pub async fn print(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.output.write_all(text.as_ref()).await
    }

    /// Closes the connection to the Runtime API; the next call opens another.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Asks for work, and waits for it.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn next(&mut self) -> io::Result<Reply> {
        self.call(Method::GET, "invocation/next", &[], Bytes::new()).await
    }

    /// Answers an invocation.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn respond(&mut self, id: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        self.call(Method::POST, &format!("invocation/{id}/response"), &[], body.into()).await
    }

    /// Answers with an error of this type.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn fail(&mut self, id: &str, error_type: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        let headers = [("lambda-runtime-function-error-type", error_type)];
        self.call(Method::POST, &format!("invocation/{id}/error"), &headers, body.into()).await
    }

    /// Says that the initialisation failed.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn init_error(&mut self, error_type: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        let headers = [("lambda-runtime-function-error-type", error_type)];
        self.call(Method::POST, "init/error", &headers, body.into()).await
    }

    /// Any call below `/2018-06-01/runtime/`.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn call(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> io::Result<Reply> {
        let mut request = Request::builder().method(method).uri(format!("/2018-06-01/runtime/{path}"));
        request = request.header("host", "127.0.0.1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(io::Error::other)?;
        let connection = self.connected().await?;
        let response = connection.send_request(request).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body })
    }

    async fn connected(&mut self) -> io::Result<&mut SendRequest<Full<Bytes>>> {
        let alive = match &mut self.connection {
            Some(connection) => connection.ready().await.is_ok(),
            None => false,
        };
        if !alive {
            self.connection = None;
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            nothing => {
                let stream = TcpStream::connect(self.api).await?;
                let io = TokioIo::new(stream);
                let (sender, driver) =
                    hyper::client::conn::http1::handshake(io).await.map_err(io::Error::other)?;
                tokio::spawn(driver);
                Ok(nothing.insert(sender))
            }
        }
    }
}
