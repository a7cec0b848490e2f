//! Accepts the runtime's connections and serves HTTP on them.

use super::holding::{Holding, Waiting};
use super::routes::{Caller, respond};
use crate::environment::desk::Desk;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use types::Repolled;

/// A runtime has one connection, two when it answers and asks at the same time; its channel counts as one.
const MAX_CONNECTIONS: usize = 9;

/// Counts the connections of one incarnation.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Semaphore>);

impl Default for Connections {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CONNECTIONS)))
    }
}

impl Connections {
    /// Counts one that is open as long as the permit lives. None at the bound.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    /// Whether none is open.
    pub(crate) fn are_none(&self) -> bool {
        self.0.available_permits() == MAX_CONNECTIONS
    }
}

/// Serves until it is dropped. A connection above the bound waits in the kernel's backlog.
pub(crate) async fn serve(listener: TcpListener, desk: Arc<Desk>, epoch: u32, connections: Connections) {
    let mut open = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&connections.0).acquire_owned().await else { return };
        // The permit must not count while nothing is connected.
        drop(permit);
        let Ok((stream, _)) = listener.accept().await else { return };
        let Ok(permit) = Arc::clone(&connections.0).acquire_owned().await else { return };
        let desk = Arc::clone(&desk);
        open.spawn(async move {
            connection(stream, desk, epoch).await;
            drop(permit);
        });
        while open.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, desk: Arc<Desk>, epoch: u32) {
    // Where this fails, answers are a little later.
    let _ = stream.set_nodelay(true);
    let waiting = Waiting::default();
    let runtime = Arc::new(Caller { desk, epoch, waiting: waiting.clone() });
    let service = service_fn(move |request| {
        let runtime = Arc::clone(&runtime);
        async move { Ok::<_, Infallible>(respond(request, &runtime).await) }
    });
    let server = http1::Builder::new()
        .auto_date_header(false)
        // As the service writes them: bootstraps that are shell scripts look for `Lambda-Runtime-Aws-Request-Id`.
        .title_case_headers(true)
        .pipeline_flush(true)
        .serve_connection(Holding::new(stream, waiting), service);
    // An error is the runtime's: it broke off or sent no HTTP. The state machine sees what follows from that.
    let _ = Repolled::new(server).await;
}
