//! Connections: accepted, bounded, timed, and finished gracefully.

use crate::Pipeline;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// A request's line and headers, in bytes.
const HEAD_BYTES: usize = 64 << 10;
/// How long a client may take over a request's head, idle time between requests included.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// How long accepting pauses after the system refused a connection, for example for want of descriptors.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);
/// How long a client may leave an answer unread, in milliseconds.
const UNREAD_ANSWER_MS: u32 = 60_000;

/// What a server allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time; a further client waits in the listener's queue.
    pub connections: usize,
    /// How long a stop waits for running requests.
    pub grace: Duration,
}

/// Serves a pipeline on a listener.
pub struct Server {
    pipeline: Arc<Pipeline>,
    limits: Limits,
}

impl Server {
    /// A server of this pipeline.
    pub fn new(pipeline: Arc<Pipeline>, limits: Limits) -> Self {
        Self { pipeline, limits }
    }

    /// Accepts until `stop` is done; then waits, within the grace, until running requests are answered, and ends what is
    /// left. No connection outlives this.
    pub async fn run(self, listener: TcpListener, stop: impl Future<Output = ()> + Send) {
        let room = Arc::new(Semaphore::new(self.limits.connections));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (stream, peer, permit) = accept(&listener, &room) => {
                    self.serve(stream, peer, permit, &graceful, &mut connections);
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        if tokio::time::timeout(self.limits.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running when the grace period ended");
        }
        connections.shutdown().await;
    }

    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        graceful: &GracefulShutdown,
        connections: &mut JoinSet<()>,
    ) {
        let pipeline = Arc::clone(&self.pipeline);
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let pipeline = Arc::clone(&pipeline);
            async move {
                let (parts, body) = request.into_parts();
                Ok::<_, Infallible>(pipeline.answer(parts, body, peer).await)
            }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection ended early");
            }
            drop(permit);
        });
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(room).acquire_owned().await else {
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                tune(&stream);
                return (stream, peer, permit);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
        }
    }
}

/// Answers leave at once, and a client that reads none of them is given up.
fn tune(stream: &TcpStream) {
    let unread = rustix::net::sockopt::set_tcp_user_timeout(stream, UNREAD_ANSWER_MS);
    if let Err(error) = stream.set_nodelay(true).and_then(|()| unread.map_err(Into::into)) {
        tracing::debug!(%error, "a connection refused its options");
    }
}
