//! The platform itself, as tests talk to it.

use crate::directory::ROLE;
use crate::wiring::{Disk, Edges, Programs, RUNTIME, simulation};
use crate::{Activate, Client, Collect, FakeClock, Gates, Interruption, Keys, Lines, Reply, Roles, Setup};
use api::{AuditTrail, Handlers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use control::Control;
use control::background::{Activation, sweep_code};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use invoke::{DataPlane, Reaper};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::records::FunctionRecord;
use store::{Prefix, Store};
use telemetry::audit;
use tokio::task::JoinHandle;
use types::{Clock, Random};
use worker::simulation::{Program, Simulation};

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
    /// Sessions of execution roles.
    pub roles: Arc<Roles>,
    /// The account owner's client.
    pub client: Client,
    /// The data plane.
    pub plane: Arc<DataPlane>,
    pub(crate) random: Arc<dyn Random>,
    programs: Programs,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    disk: Arc<Disk>,
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

    /// A platform with the usual choices and one function, made as [`Self::minimal`] says and active.
    pub async fn with_function(function: &str) -> Self {
        let platform = Self::start().await;
        platform.create(platform.minimal(function)).await.ok();
        platform.settled(function).await;
        platform
    }

    /// A platform with these choices.
    ///
    /// # Panics
    /// Where the machine has no room for a data directory, or no free port.
    pub async fn with(setup: Setup) -> Self {
        Self::on(Arc::new(Disk::new()), setup).await
    }

    /// The platform after a crash: what was in memory is gone, what was on the disk is there. Scripts and keys are those
    /// of a new platform.
    ///
    /// # Panics
    /// When the old one doesn't let its store go.
    pub async fn restart(self, setup: Setup) -> Self {
        self.plane.shutdown(Duration::ZERO).await;
        let disk = Arc::clone(&self.disk);
        drop(self);
        Self::on(disk, setup).await
    }

    async fn on(disk: Arc<Disk>, setup: Setup) -> Self {
        let edges = Edges::new(disk.open().await, &setup);
        let (programs, simulation) = simulation();
        let gates = Arc::new(Gates::new(Arc::clone(&simulation)));
        let plane = edges.plane(Arc::clone(&gates), &setup);
        let (control, downloads) = edges.control(&setup).await;
        let interruption = Interruption::new(Arc::clone(&control));
        let (audit, audit_writer) = AuditTrail::new(Arc::clone(&edges.store));
        let handlers = interruption.serve(control.serve(Handlers::new()));
        let pipeline = edges.pipeline(handlers, Arc::clone(&plane), downloads, audit);
        let (address, server) = edges.serve(pipeline).await;
        let reaper = Reaper::new(Arc::clone(&plane), setup.idle);
        let mut tasks = vec![tokio::spawn(server), tokio::spawn(audit_writer), tokio::spawn(reaper.run())];
        if setup.collect == Collect::InBackground {
            tasks.push(tokio::spawn(control.collector().run()));
        }
        let Edges { store, clock, keys, logs, roles, random, .. } = edges;
        let client = Client::new(address, Arc::clone(&clock) as Arc<dyn Clock>);
        let tasks = Mutex::new(tasks);
        let platform = Self {
            clock,
            keys,
            store,
            control,
            simulation,
            gates,
            interruption,
            logs,
            roles,
            client,
            plane,
            random,
            programs,
            tasks,
            disk,
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

    /// Waits until so many environments are alive.
    ///
    /// # Panics
    /// When that takes more than some seconds.
    pub async fn alive(&self, count: usize) {
        for _ in 0..5000 {
            if self.simulation.alive() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{} environments are alive, not {count}", self.simulation.alive());
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

    /// PublishVersion.
    pub async fn publish_version(&self, function: &str, request: Value) -> Reply {
        self.call(Method::POST, &format!("/2015-03-31/functions/{function}/versions"), request).await
    }

    /// ListVersionsByFunction, with this query string.
    pub async fn versions(&self, function: &str, query: &str) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/versions?{query}");
        self.call(Method::GET, &target, Value::Null).await
    }

    /// CreateAlias.
    pub async fn create_alias(&self, function: &str, request: Value) -> Reply {
        self.call(Method::POST, &format!("/2015-03-31/functions/{function}/aliases"), request).await
    }

    /// GetAlias.
    pub async fn get_alias(&self, function: &str, alias: &str) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/aliases/{alias}");
        self.call(Method::GET, &target, Value::Null).await
    }

    /// UpdateAlias.
    pub async fn update_alias(&self, function: &str, alias: &str, request: Value) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/aliases/{alias}");
        self.call(Method::PUT, &target, request).await
    }

    /// DeleteAlias.
    pub async fn delete_alias(&self, function: &str, alias: &str) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/aliases/{alias}");
        self.call(Method::DELETE, &target, Value::Null).await
    }

    /// ListAliases, with this query string.
    pub async fn aliases(&self, function: &str, query: &str) -> Reply {
        let target = format!("/2015-03-31/functions/{function}/aliases?{query}");
        self.call(Method::GET, &target, Value::Null).await
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
        let folders = std::fs::read_dir(self.disk.path().join("blobs")).expect("the blob area");
        let two_digits = |entry: &std::fs::DirEntry| entry.file_name().len() == 2;
        let files = |entry: std::fs::DirEntry| std::fs::read_dir(entry.path()).map_or(0, Iterator::count);
        folders.flatten().filter(two_digits).map(files).sum()
    }

    /// Code packages on the disk that something refers to.
    pub async fn blobs_after_sweep(&self) -> usize {
        self.sweep().await;
        self.blobs()
    }

    /// Functions in the store.
    ///
    /// # Panics
    /// When the store can't be read.
    pub async fn functions(&self) -> Vec<FunctionRecord> {
        let found = self.store.scan::<FunctionRecord>(&Prefix::all(), None, 1000).await;
        found.expect("the store can be read").into_iter().map(|stored| stored.value).collect()
    }

    /// Removes code packages that nothing refers to, and tells how many there were.
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
