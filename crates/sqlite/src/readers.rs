//! Reads: at most three at a time, each on a blocking thread with a read-only connection of its own.

use crate::{Access, DatabaseError, connect};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

const CONNECTIONS: usize = 3;

/// Connections that are not in use. They are opened when all others are busy.
pub struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    slots: Arc<Semaphore>,
}

impl Readers {
    /// Of this file; none is opened yet.
    pub fn new(path: &Path) -> Self {
        let idle = Arc::new(Mutex::new(Vec::with_capacity(CONNECTIONS)));
        Self { path: Arc::new(path.to_owned()), idle, slots: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// Runs a read. If nobody waits for it any more, it still runs to its end, and keeps its slot until then.
    ///
    /// # Errors
    /// What the read says, and what opening a connection says.
    pub async fn run<T, E>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| DatabaseError::Closed)?;
        let (path, idle) = (Arc::clone(&self.path), Arc::clone(&self.idle));
        let done = tokio::task::spawn_blocking(move || {
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = waiting.map_or_else(|| connect(&path, Access::Read), Ok)?;
            let result = read(&connection);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(slot);
            result
        });
        done.await.map_err(|_| DatabaseError::Closed)?
    }
}
