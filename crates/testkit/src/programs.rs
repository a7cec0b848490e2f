//! Scripted runtimes: what a function does in the simulated isolation.

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use worker::CellSpec;
use worker::simulation::{Guest, Program};

/// A program of one's own: returns its wait status.
pub fn program<F>(body: impl Fn(Guest) -> F + Send + Sync + 'static) -> Program
where
    F: Future<Output = i32> + Send + 'static,
{
    Arc::new(move |guest| Box::pin(body(guest)))
}

/// Answers with the event.
pub fn echo() -> Program {
    program(|mut guest| async move {
        while let Ok(work) = guest.next().await {
            let id = work.id();
            if guest.respond(&id, work.body).await.is_err() {
                break;
            }
        }
        0
    })
}

/// Answers with what it knows about itself: the number of its environment, the digest of its code, its version, where it
/// logs, and the ARN by which it was invoked.
pub fn introduce() -> Program {
    program(|mut guest| async move {
        let variable = |name| variable(guest.spec(), name);
        let mut answer = json!({
            "environment": guest.start(),
            "code": guest.spec().code.to_string(),
            "version": variable("AWS_LAMBDA_FUNCTION_VERSION"),
            "group": variable("AWS_LAMBDA_LOG_GROUP_NAME"),
            "stream": variable("AWS_LAMBDA_LOG_STREAM_NAME"),
        });
        while let Ok(work) = guest.next().await {
            let arn = work.headers.get("lambda-runtime-invoked-function-arn");
            answer["arn"] = arn.and_then(|arn| arn.to_str().ok()).into();
            if guest.respond(&work.id(), answer.to_string()).await.is_err() {
                break;
            }
        }
        0
    })
}

/// An environment variable of an environment; empty where there is none.
pub fn variable(spec: &CellSpec, name: &str) -> String {
    let found = spec.env.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Answers with `size` bytes of JSON text.
pub fn answer_of(size: usize) -> Program {
    program(move |mut guest| async move {
        while let Ok(work) = guest.next().await {
            let text = format!("\"{}\"", "x".repeat(size - 2));
            if guest.respond(&work.id(), text).await.is_err() {
                break;
            }
        }
        0
    })
}

/// Lets a test decide when functions answer.
#[derive(Clone)]
pub struct Latch {
    open: Arc<watch::Sender<bool>>,
    inside: Arc<AtomicUsize>,
}

impl Default for Latch {
    fn default() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)), inside: Arc::default() }
    }
}

impl Latch {
    /// Like [`introduce`], but waits for the latch before each answer.
    pub fn program(&self) -> Program {
        let latch = self.clone();
        program(move |guest| latch.clone().run(guest))
    }

    async fn run(self, mut guest: Guest) -> i32 {
        let answer = json!({"environment": guest.start(), "code": guest.spec().code.to_string()});
        while let Ok(work) = guest.next().await {
            self.inside.fetch_add(1, Ordering::SeqCst);
            // The sender lives as long as this clone of it.
            let _ = self.open.subscribe().wait_for(|open| *open).await;
            self.inside.fetch_sub(1, Ordering::SeqCst);
            if guest.respond(&work.id(), answer.to_string()).await.is_err() {
                break;
            }
        }
        0
    }

    /// Invocations go on, now and later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Later invocations wait again.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Invocations that wait.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }

    /// Waits until so many invocations wait.
    pub async fn reached(&self, count: usize) {
        while self.inside() != count {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}
