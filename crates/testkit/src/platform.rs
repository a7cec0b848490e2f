//! The platform itself: wired as in the composition root, with the doubles of this crate at its edges.

use crate::directory::ROLE;
use crate::gates::function_of;
use crate::{Activate, Client, FakeClock, Gates, Interruption, Keys, Lines, Reply, Seeded, Setup};
use api::{AuditTrail, Downloads, Handlers, Identities, Limits, Pipeline, PipelineParts, Server};
use auth::Directory;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use control::background::{Activation, sweep_code};
use control::{CodeDownloads, Control, ControlParts};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use invoke::{DataPlane, DataPlaneParts, Reaper, Settings, StoredCode};
use seal::{RootKey, Sealer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::records::FunctionRecord;
use store::{Prefix, Store};
use telemetry::audit;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use types::{Clock, Random, Region, RuntimeName};
use worker::runtimes::{Runtime, Runtimes};
use worker::simulation::{Program, Simulation};
use worker::{Options, Worker};

/// The one runtime of the tests.
const RUNTIME: &str = "python3.11";
/// What all bodies together may hold in memory.
const BODY_BUDGET: usize = 512 << 20;

type Programs = Arc<Mutex<HashMap<String, Program>>>;

/// A platform that serves until it is dropped.
pub struct Platform {
    /// The clock that everything reads.
    pub clock: Arc<FakeClock>,
    /// Access keys and roles.
    pub keys: Arc<Keys>,
    /// What is stored.
    pub store: Arc<Store>,
    /// The control plane.
    pub control: Arc<Control>,
    /// The simulated isolation: how many environments were started, and are alive.
    pub simulation: Arc<Simulation>,
    /// Holds the creation of environments up, or lets it fail.
    pub gates: Arc<Gates>,
    /// Drops changing calls in the middle.
    pub interruption: Arc<Interruption>,
    /// What functions and the platform logged.
    pub logs: Arc<Lines>,
    /// The account owner's client.
    pub client: Client,
    /// The data plane.
    pub plane: Arc<DataPlane>,
    programs: Programs,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    dir: tempfile::TempDir,
}

impl Drop for Platform {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

impl Platform {
    /// A platform with the usual choices.
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// A platform with these choices.
    ///
    /// # Panics
    /// Where the machine has no room for a data directory, or no free port.
    pub async fn with(setup: Setup) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let sealer = Sealer::new(RootKey::generate().expect("a root key")).expect("a sealer");
        let store = Arc::new(Store::open(dir.path(), Arc::new(sealer)).expect("a store"));
        let clock = Arc::new(FakeClock::default());
        let random: Arc<dyn Random> = Arc::new(Seeded::new(setup.seed));
        let (keys, logs) = (Arc::<Keys>::default(), Arc::<Lines>::default());
        let programs = Programs::default();
        let simulation = Arc::new(simulation(&programs));
        let gates = Arc::new(Gates::new(Arc::clone(&simulation)));
        let worker = Worker::new(
            Arc::clone(&gates) as _,
            Runtimes::from_iter([runtime()]),
            Arc::new(StoredCode::new(Arc::clone(&store))),
            Arc::clone(&logs) as _,
            Arc::clone(&clock) as _,
            Options { max_environments: setup.max_environments, ..Options::default() },
        );
        let plane = DataPlane::new(DataPlaneParts {
            store: Arc::clone(&store),
            worker,
            clock: Arc::clone(&clock) as _,
            random: Arc::clone(&random),
            settings: Settings { region: Region::default(), account_concurrency: setup.account_concurrency },
        });
        let source = Arc::new(CodeDownloads::new(Arc::clone(&store)));
        let downloads = Arc::new(Downloads::new(&*random, Region::default(), source));
        let directory: Arc<dyn Directory> = keys.clone();
        let control = Control::open(ControlParts {
            store: Arc::clone(&store),
            directory: Arc::clone(&directory),
            downloads: Arc::clone(&downloads),
            runtimes: vec![RUNTIME.parse::<RuntimeName>().expect("a runtime's name")],
            clock: Arc::clone(&clock) as _,
            random: Arc::clone(&random),
            region: Region::default(),
            account_concurrency: setup.account_concurrency,
            max_ephemeral_storage_mb: 2048,
        })
        .await
        .expect("the store can be read");
        let interruption = Interruption::new(Arc::clone(&control));
        let (audit, audit_writer) = AuditTrail::new(Arc::clone(&store));
        let pipeline = Pipeline::new(PipelineParts {
            handlers: interruption.serve(control.serve(Handlers::new())),
            invoke: plane.clone(),
            downloads,
            identities: Arc::new(Identities::new(directory)),
            audit,
            clock: Arc::clone(&clock) as _,
            random,
            region: Region::default(),
            body_budget_bytes: BODY_BUDGET,
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        let limits = Limits { connections: 1000, grace: Duration::from_secs(1) };
        let server = Server::new(Arc::new(pipeline), limits).run(listener, std::future::pending());
        let reaper = Reaper::new(Arc::clone(&plane), setup.idle);
        let tasks = vec![tokio::spawn(server), tokio::spawn(audit_writer), tokio::spawn(reaper.run())];
        let platform = Self {
            client: Client::new(address, Arc::clone(&clock) as Arc<dyn Clock>),
            clock,
            keys,
            store,
            control,
            simulation,
            gates,
            interruption,
            logs,
            plane,
            programs,
            tasks: Mutex::new(tasks),
            dir,
        };
        if setup.activate == Activate::InBackground {
            platform.activate();
        }
        platform
    }

    /// From now on functions become active, those that wait for it too.
    pub fn activate(&self) {
        let task = tokio::spawn(Activation::new(&self.store).run());
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Time passes: on the platform's clock and on tokio's.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    /// What environments of this function run from now on.
    pub fn script(&self, function: &str, program: Program) {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.insert(function.to_owned(), program);
    }

    /// Creates a function that runs this program, and waits until it is active.
    ///
    /// # Panics
    /// When it can't be created.
    pub async fn deploy(&self, function: &str, program: Program) {
        self.script(function, program);
        self.create(self.minimal(function)).await.ok();
        self.settled(function).await;
    }

    /// Waits until no change of the function is under way.
    pub async fn settled(&self, function: &str) {
        loop {
            let shown = self.configuration(function).await.ok().json();
            if shown["State"] == "Active" && shown["LastUpdateStatus"] == "Successful" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The least that CreateFunction wants.
    pub fn minimal(&self, function: &str) -> Value {
        json!({
            "FunctionName": function,
            "Runtime": RUNTIME,
            "Handler": "app.handler",
            "Role": ROLE,
            "Code": {"ZipFile": STANDARD.encode(zip_of(function))},
        })
    }

    /// Any operation of Lambda.
    pub async fn call(&self, method: Method, target: &str, body: Value) -> Reply {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        self.client.send(method, target, HeaderMap::new(), body).await
    }

    /// CreateFunction.
    pub async fn create(&self, request: Value) -> Reply {
        self.call(Method::POST, "/2015-03-31/functions", request).await
    }

    /// GetFunction.
    pub async fn get(&self, function: &str) -> Reply {
        self.call(Method::GET, &format!("/2015-03-31/functions/{function}"), Value::Null).await
    }

    /// GetFunctionConfiguration.
    pub async fn configuration(&self, function: &str) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/configuration");
        self.call(Method::GET, &target, Value::Null).await
    }

    /// ListFunctions, with this query string.
    pub async fn list(&self, query: &str) -> Reply {
        self.call(Method::GET, &format!("/2015-03-31/functions?{query}"), Value::Null).await
    }

    /// UpdateFunctionCode.
    pub async fn update_code(&self, function: &str, request: Value) -> Reply {
        self.call(Method::PUT, &format!("/2015-03-31/functions/{function}/code"), request).await
    }

    /// UpdateFunctionConfiguration.
    pub async fn update_configuration(&self, function: &str, request: Value) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/configuration");
        self.call(Method::PUT, &target, request).await
    }

    /// DeleteFunction.
    pub async fn delete(&self, function: &str) -> Reply {
        self.call(Method::DELETE, &format!("/2015-03-31/functions/{function}"), Value::Null).await
    }

    /// Invoke, for an answer.
    pub async fn invoke(&self, function: &str, event: Value) -> Reply {
        self.invoke_with(function, &[], event.to_string()).await
    }

    /// Invoke with these headers and this payload.
    ///
    /// # Panics
    /// When a header can't be written.
    pub async fn invoke_with(
        &self,
        function: &str,
        headers: &[(&'static str, &str)],
        payload: impl Into<Bytes>,
    ) -> Reply {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header's value"))
        };
        let headers = headers.iter().map(header).collect();
        let target = format!("/2015-03-31/functions/{function}/invocations");
        self.client.send(Method::POST, &target, headers, payload.into()).await
    }

    /// Code packages on the disk.
    pub fn blobs(&self) -> usize {
        let folders = std::fs::read_dir(self.dir.path().join("blobs")).expect("the blob area");
        let two_digits = |entry: &std::fs::DirEntry| entry.file_name().len() == 2;
        let files = |entry: std::fs::DirEntry| std::fs::read_dir(entry.path()).map_or(0, Iterator::count);
        folders.flatten().filter(two_digits).map(files).sum()
    }

    /// Functions in the store.
    ///
    /// # Panics
    /// When the store can't be read.
    pub async fn functions(&self) -> Vec<FunctionRecord> {
        let found = self.store.scan::<FunctionRecord>(&Prefix::all(), None, 1000).await;
        found.expect("the store can be read").into_iter().map(|stored| stored.value).collect()
    }

    /// Removes code packages that no function refers to, and tells how many there were.
    ///
    /// # Panics
    /// When the store can't be read.
    pub async fn sweep(&self) -> usize {
        sweep_code(&self.store).await.expect("the store can be swept")
    }

    /// The audit record so far.
    ///
    /// # Panics
    /// When the store can't be read.
    pub async fn audit(&self) -> Vec<audit::Record> {
        let log = self.store.read_log::<audit::Record>(audit::LOG, 0, 1000).await;
        log.expect("the store can be read").into_iter().map(|(_, record)| record).collect()
    }

    /// AccountUsage of GetAccountSettings: functions, and bytes of code.
    pub async fn usage(&self) -> (u64, u64) {
        let shown = self.call(Method::GET, "/2016-08-19/account-settings", Value::Null).await.ok().json();
        let number = |name: &str| shown["AccountUsage"][name].as_u64().unwrap_or(u64::MAX);
        (number("FunctionCount"), number("TotalCodeSize"))
    }
}

/// A code package with one file of this content.
///
/// # Panics
/// Never: a file can always be packed.
pub fn zip(content: &[u8]) -> Vec<u8> {
    package::pack(&[("app.py", content, false)]).expect("one file can be packed")
}

/// The code package that a deployed function of this name has.
pub fn zip_of(function: &str) -> Vec<u8> {
    zip(format!("# {function}\ndef handler(event, context): return event\n").as_bytes())
}

fn runtime() -> Runtime {
    Runtime {
        name: RUNTIME.parse().expect("a runtime's name"),
        root: PathBuf::from("/runtime"),
        version: "python:3.11.2".to_owned(),
        argv: vec!["/bootstrap".to_owned()],
        env: Vec::new(),
    }
}

/// Each environment runs what its function's script says; without one it ends at once.
fn simulation(programs: &Programs) -> Simulation {
    let programs = Arc::clone(programs);
    Simulation::new(move |guest| {
        let name = function_of(guest.spec());
        let program = programs.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        async move {
            match program {
                Some(program) => program(guest).await,
                None => 256,
            }
        }
    })
    .expect("a simulated isolation")
}
