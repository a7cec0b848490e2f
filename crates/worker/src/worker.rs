//! The entry: starts environments, bounds their number, and destroys them all at the end.

use crate::births::Births;
use crate::cpu::{Share, processors};
use crate::environment::desk::Desk;
use crate::environment::{Driver, Environment, Incarnation, Phase, Surroundings, offer_channel, variables};
use crate::logs::{Capture, Entry, ship};
use crate::memory::MemoryWatch;
use crate::room::{Place, Room};
use crate::runtimes::{EntrypointError, Runtime, Runtimes};
use crate::staging::{Staging, Trees};
use crate::sync::lock;
use crate::{
    CellSpec, CodeSource, Egress, EnvironmentSpec, Isolation, IsolationError, Options, PlatformEndpoint,
    StartError,
};
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telemetry::LogSink;
use tokio::sync::watch;
use types::{AccountId, Clock, EnvironmentId};

/// The host of execution environments. Clones are the same worker.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

struct Inner {
    isolation: Arc<dyn Isolation>,
    runtimes: Runtimes,
    staging: Arc<Staging>,
    sink: Arc<dyn LogSink>,
    platform: Arc<dyn PlatformEndpoint>,
    clock: Arc<dyn Clock>,
    options: Options,
    processors: u32,
    room: Room,
    births: Births,
    live: Mutex<HashMap<EnvironmentId, Live>>,
    /// True when everything must stop at once.
    stop: watch::Sender<bool>,
}

/// What the list of the living holds: it keeps no environment alive.
struct Live {
    spec: Arc<EnvironmentSpec>,
    desk: Arc<Desk>,
}

/// A line of the operator's view.
#[derive(Debug, Clone)]
pub struct LiveEnvironment {
    /// What it was made from.
    pub spec: Arc<EnvironmentSpec>,
    /// What it is doing.
    pub phase: Phase,
}

impl Worker {
    /// A worker without environments.
    pub fn new(
        isolation: Arc<dyn Isolation>,
        runtimes: Runtimes,
        source: Arc<dyn CodeSource>,
        sink: Arc<dyn LogSink>,
        platform: Arc<dyn PlatformEndpoint>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Self {
        let inner = Inner {
            staging: Arc::new(Staging::new(Arc::clone(&isolation), source, options.staging_bytes)),
            isolation,
            runtimes,
            sink,
            platform,
            clock,
            room: Room::new(&options),
            births: Births::new(),
            options,
            processors: processors(),
            live: Mutex::default(),
            stop: watch::Sender::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts an environment: its code is in place and its runtime's process runs when this returns; the initialisation goes
    /// on. Where the future is dropped, what was started is destroyed.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left behind.
    pub async fn start(&self, spec: EnvironmentSpec) -> Result<Environment, StartError> {
        let inner = &self.inner;
        let place = self.admit(&spec)?;
        let runtime = inner.runtimes.get(&spec.runtime);
        let runtime = runtime.ok_or_else(|| StartError::UnknownRuntime(spec.runtime.clone()))?;
        let trees = inner.staging.trees(spec.account, &spec.code, &spec.layers).await?;
        let program = program(&inner.staging, runtime, &trees)?;
        let program = program.map(|command| runtime.sized(command, &spec));
        let cell = cell_spec(&spec, runtime, program.as_deref().unwrap_or_default(), inner.processors);
        let spec = Arc::new(spec);
        let around = self.surroundings(&spec);
        around.log.push(init_start(&spec, runtime));
        let first = match program {
            Ok(_) => self.create(&cell, &around, &spec).await?,
            Err(why) => Err(why),
        };
        let driver = Driver {
            around: around.clone(),
            spec: Arc::clone(&spec),
            isolation: Arc::clone(&inner.isolation),
            births: inner.births.clone(),
            cell,
            trees,
            clock: Arc::clone(&inner.clock),
            init_timeout: inner.options.init_timeout,
            stop: inner.stop.subscribe(),
        };
        Ok(self.set_going(spec, around, driver, first, place))
    }

    /// A program of the function's own that can't be executed is the function's failure, not the worker's.
    async fn create(
        &self,
        cell: &CellSpec,
        around: &Surroundings,
        spec: &EnvironmentSpec,
    ) -> Result<Result<Incarnation, EntrypointError>, StartError> {
        let (isolation, cell) = (Arc::clone(&self.inner.isolation), cell.clone());
        let turn = self.inner.births.turn(spec.account).await;
        // The turn is over when the work is, also where nobody waits for it any more.
        let making = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            isolation.create(&cell)
        });
        let started = making.await;
        match started.map_err(|_| StartError::TaskDied)? {
            Ok(started) => Incarnation::connect(started, 0, around).map(Ok).map_err(StartError::Descriptors),
            Err(IsolationError::Program { program, source }) if runs_its_own_program(spec) => {
                let reason = source.to_string().to_lowercase();
                Ok(Err(EntrypointError::NotRunnable { program, reason }))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn admit(&self, spec: &EnvironmentSpec) -> Result<Place, StartError> {
        let limit = self.inner.options.max_ephemeral_storage_mb;
        if spec.ephemeral_storage_mb > limit {
            return Err(StartError::EphemeralStorage { asked: spec.ephemeral_storage_mb, limit });
        }
        self.inner.room.take(spec.account, spec.memory.get() + spec.ephemeral_storage_mb)
    }

    fn surroundings(&self, spec: &Arc<EnvironmentSpec>) -> Surroundings {
        let memory = Arc::new(MemoryWatch::new(spec.memory.bytes()));
        let clock = &self.inner.clock;
        let log = Capture::new(
            Arc::clone(&spec.log),
            spec.logging,
            Arc::clone(clock),
            Arc::clone(&memory),
            self.inner.options.log_bytes_per_second,
        );
        let log = Arc::new(log);
        let desk = Arc::new(Desk::new(Arc::clone(spec), Arc::clone(clock), Arc::clone(&log)));
        let platform = Arc::clone(&self.inner.platform);
        let resolver = self.inner.options.resolver.clone().filter(|_| spec.egress != Egress::None);
        Surroundings { desk, log, memory, platform, resolver, id: spec.id, account: spec.account }
    }

    /// From here on the driver owns everything; the last handle's drop tells it to end.
    fn set_going(
        &self,
        spec: Arc<EnvironmentSpec>,
        around: Surroundings,
        driver: Driver,
        first: Result<Incarnation, EntrypointError>,
        place: Place,
    ) -> Environment {
        let (gone, is_gone) = watch::channel(false);
        let environment =
            Environment::new(Arc::clone(&spec), Arc::clone(&around.desk), Arc::clone(&around.log), is_gone);
        let id = spec.id;
        lock(&self.inner.live).insert(id, Live { spec, desk: around.desk });
        let shipping = tokio::spawn(ship(around.log, Arc::clone(&self.inner.sink)));
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            match first {
                Ok(first) => driver.run(first).await,
                Err(why) => driver.run_without_program(&why).await,
            }
            // What it logged counts as a part of it; a shipper that panicked has reported so.
            let _ = shipping.await;
            lock(&inner.live).remove(&id);
            drop(place);
            gone.send_replace(true);
        });
        environment
    }

    /// The environments that are alive, in no order.
    pub fn live(&self) -> Vec<LiveEnvironment> {
        let live = lock(&self.inner.live);
        live.values()
            .map(|live| LiveEnvironment { spec: Arc::clone(&live.spec), phase: live.desk.state().into() })
            .collect()
    }

    /// Whether environments of this account are alive or being made.
    pub fn has_any_of(&self, account: AccountId) -> bool {
        self.inner.room.is_taken_by(account)
    }

    /// Starts nothing any more, lets invocations go on for at most `grace`, and returns when no environment is left.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.room.close();
        if tokio::time::timeout(grace, self.empty()).await.is_err() {
            self.inner.stop.send_replace(true);
            self.empty().await;
        }
    }

    /// Retires environments, also those whose start was going on, until none is left.
    async fn empty(&self) {
        while !self.inner.room.is_empty() {
            lock(&self.inner.live).values().for_each(|live| live.desk.retire());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// The program and its arguments, or why there is none.
fn program(
    staging: &Staging,
    runtime: &Runtime,
    trees: &Trees,
) -> Result<Result<Vec<String>, EntrypointError>, StartError> {
    let code = staging.open(&trees.code)?;
    let layers = trees.layers.iter().map(|tree| staging.open(tree)).collect::<Result<Vec<_>, _>>()?;
    let layers: Vec<_> = layers.iter().map(AsFd::as_fd).collect();
    Ok(runtime.entrypoint(code.as_fd(), &layers))
}

/// Whether the program is in the function's code or a layer.
fn runs_its_own_program(spec: &EnvironmentSpec) -> bool {
    spec.runtime.as_str().starts_with("provided")
}

fn cell_spec(spec: &EnvironmentSpec, runtime: &Runtime, program: &[String], processors: u32) -> CellSpec {
    let cpu = Share::of(spec.memory, processors);
    let mut env = variables(spec, &runtime.env);
    offer_channel(&mut env, runtime.speaks_frames());
    CellSpec {
        id: spec.id.to_string(),
        account: spec.account,
        root: runtime.root.clone(),
        code: spec.code.id,
        layers: spec.layers.iter().map(|layer| layer.id).collect(),
        channel: runtime.speaks_frames(),
        argv: program.to_vec(),
        env,
        memory_bytes: spec.memory.bytes(),
        tmp_bytes: u64::from(spec.ephemeral_storage_mb) << 20,
        cpu_millis: cpu.millis,
        init_cpu_millis: cpu.init_millis,
        egress: spec.egress.clone(),
    }
}

fn init_start(spec: &EnvironmentSpec, runtime: &Runtime) -> Entry {
    Entry::InitStart {
        runtime: runtime.version.clone(),
        arn: spec.runtime.version_arn(&spec.region),
        function: spec.function_name.clone(),
        version: spec.version,
        environment: spec.id,
        memory: spec.memory,
    }
}
