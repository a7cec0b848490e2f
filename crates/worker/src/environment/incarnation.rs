//! One start of a runtime in one cell, with the tasks that serve it. A repeated initialisation makes a second one.
//!
//! Invariant: whichever way an incarnation goes, also by the drop of its driver, its tasks end, and its cell is dropped off
//! the asynchronous threads.

use super::desk::Desk;
use super::exit::Exit;
use crate::logs::{Capture, read_output};
use crate::memory::MemoryWatch;
use crate::names::{self, Resolver};
use crate::readiness::{Waitable, waitable};
use crate::runtime_api::{Connections, converse, serve};
use crate::{Cell, PlatformEndpoint, Started};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixStream};
use tokio::task::{AbortHandle, JoinHandle};
use types::{AccountId, EnvironmentId};

/// How long a killed environment is waited for before it is left to the drop of its cell.
const DEATH: Duration = Duration::from_secs(2);
/// How long the connections of a dead runtime may take to come to their ends.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What an incarnation is connected to.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// The environment's desk.
    pub(crate) desk: Arc<Desk>,
    /// Its log.
    pub(crate) log: Arc<Capture>,
    /// Its memory.
    pub(crate) memory: Arc<MemoryWatch>,
    /// What serves the platform's API in it.
    pub(crate) platform: Arc<dyn PlatformEndpoint>,
    /// Who knows names, if it has egress.
    pub(crate) resolver: Option<Resolver>,
    /// Its own id.
    pub(crate) id: EnvironmentId,
    /// Whose it is.
    pub(crate) account: AccountId,
}

/// A started runtime.
pub(crate) struct Incarnation {
    cell: HeldCell,
    status: Waitable,
    pidfd: Waitable,
    connections: Connections,
    _platform: Box<dyn Send + Sync>,
    _tasks: [AbortOnDrop; 2],
    _channel: Option<AbortOnDrop>,
    _names: Option<AbortOnDrop>,
}

impl Incarnation {
    /// Connects what the isolation made. `epoch` is the number of this start.
    ///
    /// # Errors
    /// Where a descriptor can't be waited for; the cell is destroyed then.
    pub(crate) fn connect(started: Started, epoch: u32, around: &Surroundings) -> io::Result<Self> {
        let cell = HeldCell(Some(started.cell));
        started.runtime_api.set_nonblocking(true)?;
        let listener = TcpListener::from_std(started.runtime_api)?;
        let status = waitable(Arc::new(started.status))?;
        let pidfd = waitable(Arc::new(started.pidfd))?;
        let pipe = around.log.attach(started.output)?;
        if let Some(cell) = &cell.0 {
            around.memory.attach(Arc::downgrade(cell));
            around.desk.attach(cell);
        }
        let connections = Connections::default();
        let server = serve(listener, Arc::clone(&around.desk), epoch, connections.clone());
        let reader = read_output(Arc::clone(&around.log), pipe);
        let channel = match started.channel {
            Some(channel) => Some(talk(channel, epoch, around, &connections)?),
            None => None,
        };
        let names = started.dns.map(|socket| names::answer(socket, around.resolver.clone(), around.account));
        let names = names.transpose()?.map(AbortOnDrop::spawn);
        let platform = around.platform.serve(started.platform, around.id, around.account);
        let tasks = [AbortOnDrop::spawn(server), AbortOnDrop::spawn(reader)];
        Ok(Self {
            cell,
            status,
            pidfd,
            connections,
            _platform: platform,
            _tasks: tasks,
            _channel: channel,
            _names: names,
        })
    }

    /// Waits until the runtime's process has ended, and says how.
    pub(crate) async fn exited(&self) -> Exit {
        // Errors mean that the other end is gone without a word.
        if self.status.readable().await.is_err() {
            return Exit::KILLED;
        }
        let mut status = [0; 4];
        match rustix::io::read(self.status.get_ref(), &mut status) {
            Ok(4) => Exit::from_wait_status(i32::from_ne_bytes(status)),
            _ => Exit::KILLED,
        }
    }

    /// Lets a dead runtime's last requests be read: its sockets are closed, so that each connection comes to its end.
    pub(crate) async fn last_words(&self) {
        let all_read = async {
            loop {
                tokio::time::sleep(Duration::from_millis(2)).await;
                if self.connections.are_none() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, all_read).await;
    }

    /// Whether the kernel killed for want of memory.
    pub(crate) fn oom_killed(&self) -> bool {
        self.cell.0.as_ref().is_some_and(|cell| cell.oom_killed())
    }

    /// Gives it this many thousandths of a processor.
    pub(crate) fn set_cpu(&self, millis: u32) {
        if let Some(cell) = &self.cell.0 {
            cell.set_cpu(millis);
        }
    }

    /// Kills every process and waits until all are dead (or, should the kernel be stuck, two seconds).
    pub(crate) async fn kill(&self) {
        let Some(cell) = &self.cell.0 else { return };
        cell.kill();
        if tokio::time::timeout(DEATH, self.pidfd.readable()).await.is_err() {
            tracing::error!("an environment's processes did not die within two seconds of being killed");
        }
    }

    /// Removes what is left of it, and waits for that.
    pub(crate) async fn remove(mut self) {
        if let Some(cell) = self.cell.0.take() {
            // A panic in the drop was reported by the panic hook; there is nothing left to wait for.
            let _ = reap(cell).await;
        }
    }
}

/// Serves the channel.
fn talk(
    channel: std::os::unix::net::UnixStream,
    epoch: u32,
    around: &Surroundings,
    connections: &Connections,
) -> io::Result<AbortOnDrop> {
    channel.set_nonblocking(true)?;
    let (channel, open) = (UnixStream::from_std(channel)?, connections.enter());
    let conversation = converse(channel, Arc::clone(&around.desk), epoch);
    Ok(AbortOnDrop::spawn(async move {
        conversation.await;
        drop(open);
    }))
}

fn reap(cell: Arc<dyn Cell>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || drop(cell))
}

struct HeldCell(Option<Arc<dyn Cell>>);

impl Drop for HeldCell {
    fn drop(&mut self) {
        let Some(cell) = self.0.take() else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            drop(reap(cell));
        }
        // Without a runtime this is no asynchronous thread, and the cell is dropped here.
    }
}

/// A task that ends with its owner.
struct AbortOnDrop(AbortHandle);

impl AbortOnDrop {
    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
