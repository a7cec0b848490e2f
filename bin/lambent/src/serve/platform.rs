//! The whole platform, wired: every trait that one crate owns and another implements meets its implementation here.

use super::roles::{ENVIRONMENT_AGE, Roles};
use super::start_record;
use crate::config::Configuration;
use crate::error::Error;
use crate::system::{self, SystemClock, SystemRandom};
use api::{
    AuditTrail, Downloads, Handlers, Identities, Limits, Pipeline, PipelineParts, ResourcePolicies, Server,
};
use auth::Directory;
use control::background::{Activation, Collector};
use control::{CodeDownloads, Control, ControlParts};
use invoke::{DataPlane, DataPlaneParts, InsideApi, Reaper, Settings, StoredCode};
use queue::Queue;
use sandbox::{Protections, Spawner};
use seal::{RootKey, Sealer};
use services::iam::Iam;
use services::logs::Logs;
use services::sqs::{Sqs, sweep_now_and_then};
use services::sts::Sts;
use std::sync::Arc;
use std::time::Duration;
use store::{DataDirectory, Store};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use types::{Clock, Random, RuntimeName};
use worker::runtimes::{Runtime, Runtimes};
use worker::{Options, PlatformEndpoint, SandboxIsolation, Worker};

/// Everything, opened and not yet serving.
pub(super) struct Platform {
    configuration: Configuration,
    sealer: Arc<Sealer>,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    iam: Arc<Iam>,
    logs: Arc<Logs>,
    logs_writer: JoinHandle<()>,
    queue: Arc<Queue>,
    sqs: Arc<Sqs>,
    plane: Arc<DataPlane>,
    inside: Arc<InsideApi>,
    runtimes: Vec<RuntimeName>,
}

/// A platform that serves, until it is finished.
pub(super) struct Running {
    plane: Arc<DataPlane>,
    server: Arc<Server>,
    runtimes: Vec<RuntimeName>,
    background: Vec<JoinHandle<()>>,
    writers: Vec<JoinHandle<()>>,
    logs: Arc<Logs>,
    grace: Duration,
}

impl Platform {
    /// Opens the store and wires everything to it.
    pub(super) async fn open(
        configuration: &Configuration,
        directory: DataDirectory,
        spawner: Spawner,
        runtimes: Runtimes,
    ) -> Result<Self, Error> {
        let sealer = Arc::new(Sealer::new(RootKey::load_or_create(&configuration.root_key())?)?);
        let queue_file = directory.path().join("queue.db");
        let store = Arc::new(Store::open_in(directory, Arc::clone(&sealer))?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let queue = Arc::new(Queue::open(&queue_file, Arc::clone(&sealer), Arc::clone(&clock))?);
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let iam = Arc::new(Iam::new(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&random)));
        let (logs, writer) = Logs::new(Arc::clone(&store), Arc::clone(&clock), configuration.region());
        let names = runtimes.names();
        warm(names.iter().filter_map(|name| runtimes.get(name)).cloned().collect());
        let inside = Arc::<InsideApi>::default();
        let worker = Worker::new(
            Arc::new(SandboxIsolation::new(spawner)),
            runtimes,
            Arc::new(StoredCode::new(Arc::clone(&store))),
            Arc::clone(&logs) as Arc<dyn telemetry::LogSink>,
            Arc::clone(&inside) as Arc<dyn PlatformEndpoint>,
            Arc::clone(&clock),
            worker_options(configuration, &random)?,
        );
        let plane = DataPlane::new(DataPlaneParts {
            store: Arc::clone(&store),
            worker,
            roles: Arc::new(Roles(Arc::clone(&iam))),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            settings: plane_settings(configuration)?,
        });
        let sqs = Arc::new(Sqs::new(
            Arc::clone(&store),
            Arc::clone(&queue),
            Arc::clone(&clock),
            Arc::clone(&random),
            configuration.region(),
        ));
        Ok(Self {
            configuration: configuration.clone(),
            sealer,
            store,
            clock,
            random,
            iam,
            logs,
            logs_writer: tokio::spawn(writer),
            queue,
            sqs,
            plane,
            inside,
            runtimes: names,
        })
    }

    /// Says in the audit trail how functions are isolated.
    pub(super) async fn record_start(&self, protections: &Protections) -> Result<(), Error> {
        let sources = (&*self.clock, &*self.random);
        Ok(start_record::write(&self.store, sources, &self.configuration, protections).await?)
    }

    pub(super) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    pub(super) fn random(&self) -> &dyn Random {
        &*self.random
    }

    pub(super) fn iam(&self) -> &Iam {
        &self.iam
    }

    /// Serves on the listener until `stop` is done; the first future ends when the last answer is sent.
    pub(super) async fn run(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(JoinHandle<()>, Running), Error> {
        let (audit, audit_writer) = AuditTrail::new(Arc::clone(&self.store));
        let (pipeline, collector) = self.pipeline(audit).await?;
        let pipeline = Arc::new(pipeline);
        let limits = Limits {
            connections: self.configuration.server.max_connections,
            grace: self.configuration.grace(),
        };
        let server = Arc::new(Server::new(pipeline, limits));
        self.inside.open(&server);
        let serving = tokio::spawn(Arc::clone(&server).run(listener, stop));
        let reaper = Reaper::new(Arc::clone(&self.plane), self.configuration.idle());
        let running = Running {
            background: vec![
                tokio::spawn(Activation::new(&self.store).run()),
                tokio::spawn(collector.run()),
                tokio::spawn(sweep_now_and_then(Arc::clone(&self.queue))),
                tokio::spawn(reaper.run()),
            ],
            writers: vec![tokio::spawn(audit_writer), self.logs_writer],
            plane: self.plane,
            server,
            runtimes: self.runtimes,
            logs: self.logs,
            grace: self.configuration.grace(),
        };
        Ok((serving, running))
    }

    async fn pipeline(&self, audit: AuditTrail) -> Result<(Pipeline, Collector), Error> {
        let region = self.configuration.region();
        let directory: Arc<dyn Directory> = self.iam.clone();
        let source = Arc::new(CodeDownloads::new(Arc::clone(&self.store)));
        let downloads = Arc::new(Downloads::new(&*self.random, region.clone(), source));
        let control = Control::open(ControlParts {
            store: Arc::clone(&self.store),
            directory: Arc::clone(&directory),
            downloads: Arc::clone(&downloads),
            runtimes: self.runtimes.clone(),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            region: region.clone(),
            account_concurrency: self.configuration.account.concurrency,
            max_ephemeral_storage_mb: self.configuration.worker.max_ephemeral_storage,
        })
        .await?;
        let pipeline = Pipeline::new(PipelineParts {
            handlers: self.handlers(&control)?,
            invoke: self.plane.clone(),
            downloads,
            identities: self.identities(directory),
            policies: Arc::new(ResourcePolicies::new(Arc::clone(&self.store), region.clone())),
            audit,
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            region,
            body_budget_bytes: self.configuration.server.body_budget_mb << 20,
        });
        Ok((pipeline, control.collector()))
    }

    /// One for each built operation.
    fn handlers(&self, control: &Arc<Control>) -> Result<Handlers, Error> {
        let handlers = self.iam.serve(Handlers::new());
        let handlers = Arc::new(Sts::new()).serve(handlers);
        let handlers = self.sqs.serve(control.serve(self.logs.serve(handlers)));
        let missing = handlers.missing();
        if missing.is_empty() { Ok(handlers) } else { Err(Error::Unwired(missing)) }
    }

    fn identities(&self, directory: Arc<dyn Directory>) -> Arc<Identities> {
        let identities = Arc::new(Identities::new(directory));
        self.iam.keep_current(&identities);
        identities
    }
}

impl Running {
    /// The runtimes that are installed.
    pub(super) fn runtimes(&self) -> &[RuntimeName] {
        &self.runtimes
    }

    /// Ends environments, then the workers in the background, then writes what they left.
    pub(super) async fn finish(self) {
        self.plane.shutdown(self.grace).await;
        for worker in &self.background {
            worker.abort();
        }
        drop((self.server, self.plane, self.logs));
        for writer in self.writers {
            if tokio::time::timeout(self.grace, writer).await.is_err() {
                tracing::warn!("the last records could not be written in time");
            }
        }
    }
}

fn plane_settings(configuration: &Configuration) -> Result<Settings, Error> {
    Ok(Settings {
        region: configuration.region(),
        account_concurrency: configuration.account.concurrency,
        environment_age: ENVIRONMENT_AGE,
        egress: configuration.egress.rules()?,
    })
}

/// Aside, so that nobody waits for it.
fn warm(runtimes: Vec<Runtime>) {
    tokio::task::spawn_blocking(move || {
        for runtime in runtimes {
            let bytes = runtime.warm();
            tracing::debug!(
                runtime = runtime.name.as_str(),
                bytes,
                "a runtime's files are in the page cache"
            );
        }
    });
}

fn worker_options(configuration: &Configuration, random: &Arc<dyn Random>) -> Result<Options, Error> {
    Ok(Options {
        max_environments: configuration.worker.max_environments as usize,
        max_ephemeral_storage_mb: configuration.worker.max_ephemeral_storage,
        max_committed_mb: configuration.worker.max_committed_mb.unwrap_or_else(system::committable_mb),
        staging_bytes: configuration.worker.staging_mb << 20,
        resolver: configuration.egress.resolver(random)?,
        log_bytes_per_second: configuration.worker.log_bytes_per_second,
        ..Options::default()
    })
}
