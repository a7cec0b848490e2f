//! One platform whose account holds a number of functions: started, filled through its API, and asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::turns;
use crate::bench::connection::{Call, Connection, text};
use crate::bench::deploy;
use crate::bench::pinning::Pinning;
use crate::server::{Server, free_address};

/// What creates the functions: as many as the store makes durable together.
pub(super) const CONNECTIONS: usize = 64;
/// Enough for an environment in which nothing happens.
const MEMORY_MB: u32 = 128;
/// The most that a page of ListFunctions holds.
const PAGE: usize = 50;
/// A platform that works for longer has not come to rest.
const RESTLESS: Duration = Duration::from_secs(300);

/// What every function is made of.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) runtime: String,
    pub(super) handler: &'static str,
    pub(super) zip: String,
}

/// A platform with functions `f000000`, `f000001`, …
pub(super) struct Account {
    pub(super) functions: usize,
    pub(super) server: Server,
    /// The marker of the page of ListFunctions that begins in the middle.
    pub(super) middle: String,
    program: PathBuf,
    dir: PathBuf,
    model: Arc<Model>,
}

impl Account {
    pub(super) fn new(program: &Path, dir: &Path, model: Model, functions: usize) -> Result<Self, String> {
        fs::create_dir_all(dir).map_err(text)?;
        let server = start(program, dir)?;
        let (program, dir, model) = (program.to_owned(), dir.to_owned(), Arc::new(model));
        Ok(Self { functions, server, middle: String::new(), program, dir, model })
    }

    /// Ends the platform and starts it anew: the time until it has answered.
    pub(super) async fn restart(self) -> Result<(Self, Duration), String> {
        let Self { functions, server, middle, program, dir, model } = self;
        drop(server);
        let started = Instant::now();
        let server = start(&program, &dir)?;
        let account = Self { functions, server, middle, program, dir, model };
        account.each([deploy::get(&name(0))]).await?;
        Ok((account, started.elapsed()))
    }

    /// What the platform has logged since it was started.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(log(&self.dir)).unwrap_or_default()
    }

    pub(super) async fn connect(&self) -> Result<Connection, String> {
        Connection::open(self.server.address).await
    }

    /// Creates all functions, many at once, and tells how long that took.
    pub(super) async fn fill(&self) -> Result<Duration, String> {
        deploy::role(&mut self.connect().await?).await?;
        let started = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            tasks.push(tokio::spawn(create_all(
                self.connect().await?,
                Arc::clone(&self.model),
                Arc::clone(&next),
                self.functions,
            )));
        }
        for task in tasks {
            task.await.map_err(text)??;
        }
        let took = started.elapsed();
        self.rest().await?;
        Ok(took)
    }

    pub(super) fn creation(&self, name: &str) -> Call {
        creation(&self.model, name)
    }

    /// Follows ListFunctions from page to page: every function is there, once.
    pub(super) async fn list_all(&mut self) -> Result<(), String> {
        let mut connection = self.connect().await?;
        let (mut names, mut marker) = (Vec::new(), None);
        loop {
            let page = deploy::ask(&mut connection, deploy::list(PAGE, marker.as_deref())).await?;
            let functions = page["Functions"].as_array().ok_or("a page without functions")?;
            names.extend(functions.iter().filter_map(|f| f["FunctionName"].as_str().map(str::to_owned)));
            let Some(next) = page["NextMarker"].as_str() else { break };
            if names.len() <= self.functions / 2 {
                next.clone_into(&mut self.middle);
            }
            marker = Some(next.to_owned());
        }
        if names.iter().map(String::as_str).ne((0..self.functions).map(name).collect::<Vec<_>>()) {
            return Err(format!("{} functions are listed instead of {}", names.len(), self.functions));
        }
        if self.middle.is_empty() {
            self.middle = self.marker_after_half(&mut connection).await?;
        }
        Ok(())
    }

    /// Where all functions are on one page.
    async fn marker_after_half(&self, connection: &mut Connection) -> Result<String, String> {
        let page: Value = deploy::ask(connection, deploy::list(self.functions / 2, None)).await?;
        page["NextMarker"].as_str().map(str::to_owned).ok_or_else(|| "a page without a marker".to_owned())
    }

    /// Waits until the platform does nothing any more.
    pub(super) async fn rest(&self) -> Result<(), String> {
        let (started, mut before) = (Instant::now(), f64::MIN);
        while started.elapsed() < RESTLESS {
            let now = self.server.cpu_seconds().0;
            if now - before < 0.015 {
                return Ok(());
            }
            before = now;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err("the platform does not come to rest".to_owned())
    }

    /// Microseconds of each of these calls, one after the other.
    pub(super) async fn each(&self, calls: impl IntoIterator<Item = Call>) -> Result<Vec<f64>, String> {
        let (mut connection, mut latencies) = (self.connect().await?, Vec::new());
        for call in calls {
            latencies.push(turns::one(&mut connection, &call).await?);
        }
        Ok(latencies)
    }
}

/// The function of that number.
pub(super) fn name(number: usize) -> String {
    format!("f{number:06}")
}

fn creation(model: &Model, name: &str) -> Call {
    deploy::creation(name, &model.runtime, model.handler, &model.zip, MEMORY_MB)
}

async fn create_all(
    mut connection: Connection,
    model: Arc<Model>,
    next: Arc<AtomicUsize>,
    functions: usize,
) -> Result<(), String> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= functions {
            return Ok(());
        }
        let call = creation(&model, &name(number));
        connection.send(&call).await?;
    }
}

fn log(dir: &Path) -> PathBuf {
    dir.join("lambent.log")
}

fn start(program: &Path, dir: &Path) -> Result<Server, String> {
    let address = free_address()?;
    let command = deploy::serve(Pinning::Free.command(program), &dir.join("data"), address);
    Ok(Server::start(command, address, &log(dir))?.polite())
}
