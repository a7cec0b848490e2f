//! The one thread that writes: it takes what is queued, up to a group, and hands it over to be carried out together.

use crate::DatabaseError;
use std::path::Path;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// The way to the writing thread. When it is dropped, what is queued is still carried out, and the drop waits for it.
pub struct Writer<J> {
    jobs: Option<mpsc::Sender<J>>,
    thread: Option<JoinHandle<()>>,
}

impl<J: Send + 'static> Writer<J> {
    /// Starts the thread. At most `queue` jobs wait for it; at most `group` are carried out together.
    ///
    /// # Errors
    /// [`DatabaseError::Io`] where the system gives no thread.
    pub fn start(
        name: &str,
        queue: usize,
        group: usize,
        mut carry_out: impl FnMut(Vec<J>) + Send + 'static,
    ) -> Result<Self, DatabaseError> {
        let (jobs, mut queued) = mpsc::channel(queue);
        let run = move || {
            let mut taken = Vec::with_capacity(group);
            while queued.blocking_recv_many(&mut taken, group) > 0 {
                carry_out(std::mem::take(&mut taken));
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)
            .map_err(DatabaseError::io("start the thread", Path::new(name)))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands a job over; waits while the queue is full. A job that was handed over is carried out even if nobody waits
    /// for its answer.
    ///
    /// # Errors
    /// [`DatabaseError::Closed`] where the thread has ended.
    pub async fn send(&self, job: J) -> Result<(), DatabaseError> {
        let jobs = self.jobs.as_ref().ok_or(DatabaseError::Closed)?;
        jobs.send(job).await.map_err(|_| DatabaseError::Closed)
    }
}

impl<J> Drop for Writer<J> {
    fn drop(&mut self) {
        self.jobs = None;
        // What the thread calls may hold the last reference to its owner: it can't wait for itself.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}
