//! The one task that writes events.
//!
//! ```text
//! wait for lines or a flush ─► gather for 100 ms, until 1 MB waits, or until somebody wants a flush ─► commit
//!          ▲                                                                                             │
//!          └────────────────── give the room back, answer the flushes ◄──────────────────────────────────┘
//! ```
//! A commit that fails is tried again; then its lines are lost, with an error for the operator: a full disk stops no
//! function.

use super::stage::Stage;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{LogBatch, LogLine, LogStream};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// What may wait to be written, in bytes.
pub(super) const ROOM_BYTES: usize = 8 << 20;
/// From here on nothing more is waited for.
const URGENT_BYTES: usize = 1 << 20;
/// How long lines wait for company.
const LINGER: Duration = Duration::from_millis(100);

/// What the writer is told.
pub(super) enum Job {
    /// Keep these lines; they hold this room.
    Lines(LogBatch, OwnedSemaphorePermit),
    /// Tell when everything that came before is written.
    Flush(oneshot::Sender<()>),
}

/// Lines by stream.
pub(super) type Pending = HashMap<Arc<LogStream>, Vec<LogLine>>;

/// The room that a batch takes: at most all there is.
pub(super) fn room_of(batch: &LogBatch) -> usize {
    let lines = batch.lines.iter().map(|line| line.message.len() + size_of::<LogLine>());
    (size_of::<LogBatch>() + lines.sum::<usize>()).min(ROOM_BYTES)
}

/// Writes until nobody is left who could send a job.
pub(super) async fn write(mut stage: Stage, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        let mut gathered = Gathered::default();
        gathered.add(job);
        gathered.fill(&mut jobs).await;
        stage.keep(gathered.pending).await;
        for flush in gathered.flushes {
            // Who asked may have gone.
            let _ = flush.send(());
        }
    }
}

/// What one commit takes.
#[derive(Default)]
struct Gathered {
    pending: Pending,
    room: Vec<OwnedSemaphorePermit>,
    bytes: usize,
    flushes: Vec<oneshot::Sender<()>>,
}

impl Gathered {
    fn add(&mut self, job: Job) {
        match job {
            Job::Flush(done) => self.flushes.push(done),
            Job::Lines(mut batch, room) => {
                self.bytes += room.num_permits();
                self.room.push(room);
                self.pending.entry(batch.stream).or_default().append(&mut batch.lines);
            }
        }
    }

    /// Takes what comes until it is time; then what is there already, which the waiting room bounds.
    async fn fill(&mut self, jobs: &mut mpsc::Receiver<Job>) {
        let linger = tokio::time::sleep(LINGER);
        tokio::pin!(linger);
        while self.bytes < URGENT_BYTES && self.flushes.is_empty() {
            tokio::select! {
                () = &mut linger => break,
                job = jobs.recv() => match job {
                    Some(job) => self.add(job),
                    None => return,
                },
            }
        }
        while self.bytes < ROOM_BYTES
            && let Ok(job) = jobs.try_recv()
        {
            self.add(job);
        }
    }
}
