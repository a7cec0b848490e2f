//! The wiring of the platform: as in the composition root, with the doubles of this crate at its edges.

use crate::gates::function_of;
use crate::{FakeClock, Gates, Keys, Lines, Roles, Seeded, Setup};
use api::{
    AuditTrail, Downloads, Handlers, Identities, Limits, Pipeline, PipelineParts, ResourcePolicies, Server,
};
use auth::Directory;
use control::{CodeDownloads, Control, ControlParts};
use invoke::{DataPlane, DataPlaneParts, EgressRules, InsideApi, Settings, StoredCode};
use seal::{RootKey, Sealer};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use types::{Clock, Random, Region, RuntimeName};
use worker::runtimes::{Runtime, Runtimes};
use worker::simulation::{Program, Simulation};
use worker::{Options, Worker};

/// The one runtime of the tests.
pub(crate) const RUNTIME: &str = "python3.11";
/// What all bodies together may hold in memory.
const BODY_BUDGET: usize = 512 << 20;

/// What each function's environments run.
pub(crate) type Programs = Arc<Mutex<HashMap<String, Program>>>;

/// What survives a crash.
pub(crate) struct Disk {
    dir: tempfile::TempDir,
    sealer: Arc<Sealer>,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let sealer = Sealer::new(RootKey::generate().expect("a root key")).expect("a sealer");
        Self { dir: tempfile::tempdir().expect("a temporary directory"), sealer: Arc::new(sealer) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Opens the store, once whoever had it open has let it go.
    pub(crate) async fn open(&self) -> Arc<Store> {
        for _ in 0..5000 {
            match Store::open(self.dir.path(), Arc::clone(&self.sealer)) {
                Err(StoreError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(1)).await,
                opened => return Arc::new(opened.expect("the store can be opened")),
            }
        }
        panic!("somebody has the store open still");
    }
}

/// What everything stands on.
pub(crate) struct Edges {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) logs: Arc<Lines>,
    inside: Arc<InsideApi>,
    pub(crate) roles: Arc<Roles>,
    pub(crate) random: Arc<dyn Random>,
}

impl Edges {
    pub(crate) fn new(store: Arc<Store>, setup: &Setup) -> Self {
        let random = Arc::new(Seeded::new(setup.seed));
        Self {
            store,
            clock: Arc::default(),
            keys: Arc::default(),
            logs: Arc::default(),
            inside: Arc::default(),
            roles: Arc::default(),
            random,
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    pub(crate) fn plane(&self, gates: Arc<Gates>, setup: &Setup) -> Arc<DataPlane> {
        let worker = Worker::new(
            gates,
            Runtimes::from_iter([runtime()]),
            Arc::new(StoredCode::new(Arc::clone(&self.store))),
            Arc::clone(&self.logs) as _,
            Arc::clone(&self.inside) as _,
            self.clock(),
            Options {
                max_environments: setup.max_environments,
                max_committed_mb: setup.max_committed_mb,
                ..Options::default()
            },
        );
        let settings = Settings {
            region: Region::default(),
            account_concurrency: setup.account_concurrency,
            environment_age: setup.environment_age,
            egress: EgressRules::default(),
        };
        DataPlane::new(DataPlaneParts {
            store: Arc::clone(&self.store),
            worker,
            roles: Arc::clone(&self.roles) as _,
            clock: self.clock(),
            random: Arc::clone(&self.random),
            settings,
        })
    }

    pub(crate) async fn control(&self, setup: &Setup) -> (Arc<Control>, Arc<Downloads>) {
        let source = Arc::new(CodeDownloads::new(Arc::clone(&self.store)));
        let downloads = Arc::new(Downloads::new(&*self.random, Region::default(), source));
        let control = Control::open(ControlParts {
            store: Arc::clone(&self.store),
            directory: Arc::clone(&self.keys) as _,
            downloads: Arc::clone(&downloads),
            runtimes: vec![RUNTIME.parse::<RuntimeName>().expect("a runtime's name")],
            clock: self.clock(),
            random: Arc::clone(&self.random),
            region: Region::default(),
            account_concurrency: setup.account_concurrency,
            max_ephemeral_storage_mb: 2048,
        });
        (control.await.expect("the store can be read"), downloads)
    }

    pub(crate) fn pipeline(
        &self,
        handlers: Handlers,
        plane: Arc<DataPlane>,
        downloads: Arc<Downloads>,
        audit: AuditTrail,
    ) -> Pipeline {
        Pipeline::new(PipelineParts {
            handlers,
            invoke: plane,
            downloads,
            identities: Arc::new(Identities::new(Arc::clone(&self.keys) as Arc<dyn Directory>)),
            policies: Arc::new(ResourcePolicies::new(Arc::clone(&self.store), Region::default())),
            audit,
            clock: self.clock(),
            random: Arc::clone(&self.random),
            region: Region::default(),
            body_budget_bytes: BODY_BUDGET,
        })
    }

    /// The server of a pipeline, on a free port of the loopback address and inside of environments.
    pub(crate) async fn serve(
        &self,
        pipeline: Pipeline,
    ) -> (SocketAddr, impl Future<Output = ()> + Send + use<>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        let limits = Limits { connections: 1000, grace: Duration::from_secs(1) };
        let server = Arc::new(Server::new(Arc::new(pipeline), limits));
        self.inside.open(&server);
        (address, server.run(listener, std::future::pending()))
    }
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
pub(crate) fn simulation() -> (Programs, Arc<Simulation>) {
    let programs = Programs::default();
    let scripts = Arc::clone(&programs);
    let simulation = Simulation::new(move |guest| {
        let name = function_of(guest.spec());
        let program = scripts.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        async move {
            match program {
                Some(program) => program(guest).await,
                None => 256,
            }
        }
    });
    (programs, Arc::new(simulation.expect("a simulated isolation")))
}
