//! Connections of clients and of functions: accepted, bounded, timed, and those of clients finished gracefully.

use crate::encode::Answer;
use crate::paced::Paced;
use crate::rooms::{Room, Rooms};
use crate::{Peer, Pipeline};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinSet};
use types::{AccountId, EnvironmentId, Repolled};

/// A request's line and headers, in bytes.
const HEAD_BYTES: usize = 64 << 10;
/// How long a client may take over a request's head, idle time between requests included.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// The same for a function: it is near, and what its idle connections take its neighbours can't have.
const INSIDE_HEAD_TIME: Duration = Duration::from_secs(10);
/// How long accepting pauses after the system refused a connection, for example for want of descriptors.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);
/// How long a client may leave an answer unread, in milliseconds.
const UNREAD_ANSWER_MS: u32 = 60_000;

/// What a server allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections of clients at a time; a further client waits in the listener's queue. Environments together may have
    /// half as many beside them, one account's half of those, one environment 16.
    pub connections: usize,
    /// How long a stop waits for running requests.
    pub grace: Duration,
}

/// Serves a pipeline, on one listener to clients, on further ones inside of environments.
pub struct Server {
    pipeline: Arc<Pipeline>,
    rooms: Rooms,
    grace: Duration,
}

/// A listener inside of an environment that is being served. Dropping it closes the listener and its connections, whatever
/// goes on there.
#[derive(Debug)]
pub struct Inside(AbortHandle);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// A server of this pipeline.
    pub fn new(pipeline: Arc<Pipeline>, limits: Limits) -> Self {
        Self { pipeline, rooms: Rooms::new(limits.connections), grace: limits.grace }
    }

    /// Accepts until `stop` is done; then waits, within the grace, until running requests are answered, and ends what is
    /// left. No connection outlives this.
    pub async fn run(self: Arc<Self>, listener: TcpListener, stop: impl Future<Output = ()> + Send) {
        let room = &self.rooms.front;
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (stream, peer, permit) = accept_client(&listener, room) => {
                    let peer = Peer::Client(peer);
                    let service = self.service(peer);
                    let connection = protocol(HEAD_TIME).serve_connection(TokioIo::new(Paced::new(stream)), service);
                    let connection = graceful.watch(connection);
                    connections.spawn(attend(connection, peer, permit));
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        if tokio::time::timeout(self.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running when the grace period ended");
        }
        connections.shutdown().await;
    }

    /// Serves the platform's API on a listener that stands inside of an environment of this account. Doesn't wait for anything:
    /// the listener is looked at when there is time. It must be called in a tokio runtime.
    pub fn serve_inside(
        self: &Arc<Self>,
        listener: std::net::TcpListener,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Inside {
        let (server, room) = (Arc::clone(self), self.rooms.of(account));
        let task = tokio::spawn(async move {
            let listener = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
            match listener {
                Ok(listener) => server.attend_inside(listener, Peer::Environment(environment), room).await,
                Err(error) => tracing::warn!(%error, %environment, "an environment has no platform API"),
            }
        });
        Inside(task.abort_handle())
    }

    async fn attend_inside(&self, listener: TcpListener, peer: Peer, room: Room) {
        let mut connections = JoinSet::new();
        // The room is never closed.
        while let Some(own) = room.own().await {
            let (stream, _) = accept(&listener).await;
            let Some(place) = room.place(own).await else { return };
            let connection = protocol(INSIDE_HEAD_TIME)
                .serve_connection(TokioIo::new(Paced::new(stream)), self.service(peer));
            connections.spawn(attend(connection, peer, place));
            while connections.try_join_next().is_some() {}
        }
    }

    fn service(
        &self,
        peer: Peer,
    ) -> impl Service<Request<Incoming>, Response = Answer, Error = Infallible, Future: Send> + use<> {
        let pipeline = Arc::clone(&self.pipeline);
        service_fn(move |request: Request<Incoming>| {
            let pipeline = Arc::clone(&pipeline);
            async move {
                let (parts, body) = request.into_parts();
                Ok(pipeline.answer(parts, body, peer).await)
            }
        })
    }
}

fn protocol(head_time: Duration) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(head_time).max_buf_size(HEAD_BYTES);
    protocol
}

/// Lets a connection go on to its end, in its place.
async fn attend(connection: impl Future<Output = hyper::Result<()>>, peer: Peer, place: impl Send) {
    if let Err(error) = Repolled::new(connection).await {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
    drop(place);
}

/// The next client's connection, once there is room for it.
async fn accept_client(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let Ok(permit) = Arc::clone(room).acquire_owned().await else { return std::future::pending().await };
    let (stream, peer) = accept(listener).await;
    (stream, peer, permit)
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tune(&stream);
                return (stream, peer);
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
