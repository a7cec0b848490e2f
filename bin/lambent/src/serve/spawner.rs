//! Watches the spawner: a platform without one can make no environment, and can't start another, because it has threads.
//!
//! So it ends in good order, with an error and a status that a service manager acts upon. Invariant: a spawner that has died
//! is seen whenever that was.

use crate::error::Error;
use rustix::event::{PollFd, PollFlags, poll};
use sandbox::Spawner;
use std::os::fd::OwnedFd;
use tokio::sync::watch;

/// The spawner's process.
#[derive(Clone)]
pub(super) struct SpawnerWatch(watch::Receiver<bool>);

impl SpawnerWatch {
    /// Starts the thread that waits. It ends with the spawner, or with the process.
    pub(super) fn over(spawner: &Spawner) -> Result<Self, Error> {
        let process = spawner.process().try_clone_to_owned().map_err(Error::WatchSpawner)?;
        let (tell, ended) = watch::channel(false);
        let wait = move || {
            wait_for(&process);
            tell.send_replace(true);
        };
        std::thread::Builder::new()
            .name("spawner-watch".to_owned())
            .spawn(wait)
            .map_err(Error::WatchSpawner)?;
        Ok(Self(ended))
    }

    /// Waits for its end.
    pub(super) async fn ended(mut self) {
        // An error means that the thread fell over, which the panic hook has told: nothing is known of the spawner then.
        if self.0.wait_for(|ended| *ended).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it has ended by now.
    pub(super) fn has_ended(&self) -> bool {
        *self.0.borrow()
    }
}

fn wait_for(process: &OwnedFd) {
    let mut processes = [PollFd::new(process, PollFlags::IN)];
    // The only error there can be is EINTR.
    while !poll(&mut processes, None).is_ok_and(|ready| ready > 0) {}
}
