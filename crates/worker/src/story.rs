//! What the tests of this crate tell their stories with: a worker over the simulated isolation, a code source that makes its
//! packages up, a sink that remembers, and a clock that follows tokio's.

use crate::runtimes::{Runtime, Runtimes};
pub(crate) use crate::sample::{event, spec};
use crate::simulation::{Guest, Simulation};
use crate::sync::lock;
use crate::{
    Answer, Code, CodeError, CodeId, CodeSource, Environment, EnvironmentSpec, Isolation, NoPlatform,
    Options, Worker,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::collections::HashMap;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telemetry::{LogBatch, LogLine, LogSink};
use tokio::time::Instant;
use types::{AccountId, BoxFuture, Clock, Timestamp};

/// 2026-11-24T00:00:00Z at the start, then as tokio's clock goes.
pub(crate) struct Ticking(Instant);

impl Ticking {
    pub(crate) fn started() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_478_400_000).plus(self.0.elapsed())
    }
}

/// Remembers every line.
#[derive(Default)]
pub(crate) struct Remembering {
    lines: Mutex<Vec<String>>,
    /// How long each batch takes.
    pub(crate) slow: Mutex<Duration>,
}

impl Remembering {
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }
}

/// A line's text, which has its line break.
fn unbroken(mut line: LogLine) -> String {
    assert_eq!(line.message.pop(), Some('\n'), "each line has its line break");
    line.message
}

impl LogSink for Remembering {
    fn accept(&self, batch: LogBatch) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let slow = *lock(&self.slow);
            if slow > Duration::ZERO {
                tokio::time::sleep(slow).await;
            }
            lock(&self.lines).extend(batch.lines.into_iter().map(unbroken));
        })
    }
}

/// Packages by id.
#[derive(Default)]
pub(crate) struct Packages {
    zips: Mutex<HashMap<CodeId, Bytes>>,
    /// How often one was asked for.
    pub(crate) reads: AtomicUsize,
}

impl Packages {
    /// Adds a package with one file `app.py` of this content.
    pub(crate) fn add(&self, content: &[u8]) -> Code {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("app.py", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
        self.keep(zip)
    }

    /// Adds a package with this one program.
    pub(crate) fn add_program(&self, path: &str) -> Code {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(path, zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        self.keep(zip)
    }

    /// Adds a package with that many empty files.
    pub(crate) fn add_files(&self, count: usize) -> Code {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for n in 0..count {
            zip.start_file(n.to_string(), zip::write::SimpleFileOptions::default()).unwrap();
        }
        self.keep(zip)
    }

    fn keep(&self, zip: zip::ZipWriter<Cursor<Vec<u8>>>) -> Code {
        let zip = zip.finish().unwrap().into_inner();
        let digest = STANDARD.decode(package::sha256_base64(&zip)).unwrap();
        let id = CodeId::new(digest.try_into().unwrap());
        lock(&self.zips).insert(id, zip.into());
        Code { id, place: "test".to_owned() }
    }

    /// Adds one under an id that is not its own.
    pub(crate) fn add_wrong(&self, content: &[u8]) -> Code {
        let right = self.add(content);
        let mut zips = lock(&self.zips);
        let id = CodeId::new([9; 32]);
        let zip = zips[&right.id].clone();
        zips.insert(id, zip);
        Code { id, ..right }
    }
}

impl CodeSource for Packages {
    fn code<'a>(&'a self, _: AccountId, code: &'a Code) -> BoxFuture<'a, Result<Bytes, CodeError>> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            lock(&self.zips).get(&code.id).cloned().ok_or(CodeError::Gone)
        })
    }
}

/// A worker and all around it.
pub(crate) struct Story {
    pub(crate) simulation: Arc<Simulation>,
    pub(crate) worker: Worker,
    pub(crate) sink: Arc<Remembering>,
    pub(crate) packages: Arc<Packages>,
}

impl Story {
    /// In which every runtime runs this program.
    pub(crate) fn of<F>(program: impl Fn(Guest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = i32> + Send + 'static,
    {
        Self::with(Options::default(), program)
    }

    pub(crate) fn with<F>(options: Options, program: impl Fn(Guest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = i32> + Send + 'static,
    {
        Self::over(options, program, |simulation| simulation)
    }

    /// With something between the worker and the simulation.
    pub(crate) fn over<F>(
        options: Options,
        program: impl Fn(Guest) -> F + Send + Sync + 'static,
        isolation: impl FnOnce(Arc<Simulation>) -> Arc<dyn Isolation>,
    ) -> Self
    where
        F: Future<Output = i32> + Send + 'static,
    {
        let simulation = Arc::new(Simulation::new(program).unwrap());
        let (sink, packages) = (Arc::<Remembering>::default(), Arc::<Packages>::default());
        let runtimes = ["python3.11", "provided.al2023"].map(|name| Runtime {
            name: name.parse().unwrap(),
            root: PathBuf::from("/runtime"),
            version: "python:3.11.2".to_owned(),
            argv: vec!["/bootstrap".to_owned()],
            env: Vec::new(),
        });
        let worker = Worker::new(
            isolation(Arc::clone(&simulation)),
            Runtimes::from_iter(runtimes),
            Arc::clone(&packages) as _,
            Arc::clone(&sink) as _,
            Arc::new(NoPlatform),
            Arc::new(Ticking::started()),
            options,
        );
        Self { simulation, worker, sink, packages }
    }

    /// A spec whose code exists.
    pub(crate) fn spec(&self) -> EnvironmentSpec {
        EnvironmentSpec { code: self.packages.add(b"def handler(event, context): pass"), ..spec() }
    }

    pub(crate) async fn start(&self) -> Environment {
        self.worker.start(self.spec()).await.unwrap()
    }

    /// Shuts down, and checks that nothing is left. Returns the log.
    pub(crate) async fn end(self) -> Vec<String> {
        self.worker.shutdown(Duration::from_secs(60)).await;
        assert_eq!(self.simulation.alive(), 0, "cells are left");
        assert!(self.worker.live().is_empty());
        self.sink.lines()
    }
}

/// The text of a response.
pub(crate) fn success(answer: &Answer) -> String {
    match answer {
        Answer::Success { payload, .. } => String::from_utf8(payload.to_vec()).unwrap(),
        other => panic!("no success: {other:?}"),
    }
}

/// Type and message of an error.
pub(crate) fn failure(answer: &Answer) -> (String, String) {
    match answer {
        Answer::FunctionError { payload, error_type } => {
            let body: serde_json::Value = serde_json::from_slice(payload).unwrap();
            let message = body["errorMessage"].as_str().unwrap_or_default().to_owned();
            (error_type.clone(), message)
        }
        other => panic!("no error: {other:?}"),
    }
}
