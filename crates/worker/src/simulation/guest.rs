//! The inside of a simulated environment: what a runtime and its function can do there.

use super::Gauge;
use crate::CellSpec;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::unix::pipe;

/// The inside of a simulated environment.
pub struct Guest {
    pub(super) start: usize,
    pub(super) spec: CellSpec,
    pub(super) api: SocketAddr,
    pub(super) platform: SocketAddr,
    pub(super) channel: Option<UnixStream>,
    pub(super) output: pipe::Sender,
    pub(super) connection: Option<SendRequest<Full<Bytes>>>,
    pub(super) gauge: Arc<Gauge>,
}

/// An answer of the Runtime API.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The id of the invocation that a `next` handed out; empty for other answers.
    pub fn id(&self) -> String {
        let id = self.headers.get("lambda-runtime-aws-request-id");
        id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// `errorType` of a refusal.
    pub fn error_type(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["errorType"].as_str().unwrap_or_default().to_owned()
    }
}

impl Guest {
    /// The number of this start, from 0, among all of the simulation.
    pub fn start(&self) -> usize {
        self.start
    }

    /// What it was made from.
    pub fn spec(&self) -> &CellSpec {
        &self.spec
    }

    /// Where the Runtime API listens.
    pub fn api(&self) -> SocketAddr {
        self.api
    }

    /// Where the platform's own API listens.
    pub fn platform(&self) -> SocketAddr {
        self.platform
    }

    /// The runtime's descriptor 3, once, if it has one.
    pub fn take_channel(&mut self) -> Option<UnixStream> {
        self.channel.take()
    }

    /// Uses this much memory, in bytes.
    pub fn use_memory(&self, bytes: u64) {
        self.gauge.used.store(bytes, Ordering::SeqCst);
    }

    /// Whether it stands still now. (What a simulated runtime does, it does nevertheless.)
    pub fn is_frozen(&self) -> bool {
        self.gauge.frozen.load(Ordering::SeqCst)
    }

    /// Can't be thawed from now on.
    pub fn get_stuck(&self) {
        self.gauge.is_stuck.store(true, Ordering::SeqCst);
    }

    /// Is recorded as killed by the kernel for want of memory.
    pub fn mark_oom_killed(&self) {
        self.gauge.oom_killed.store(true, Ordering::SeqCst);
    }

    /// Prints, and waits while the pipe is full.
    ///
    /// # Errors
    /// Where nobody reads any more.
    pub async fn print(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.output.write_all(text.as_ref()).await
    }

    /// Closes the connection to the Runtime API; the next call opens another.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Asks for work, and waits for it.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn next(&mut self) -> io::Result<Reply> {
        self.call(Method::GET, "invocation/next", &[], Bytes::new()).await
    }

    /// Answers an invocation.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn respond(&mut self, id: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        self.call(Method::POST, &format!("invocation/{id}/response"), &[], body.into()).await
    }

    /// Answers with an error of this type.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn fail(&mut self, id: &str, error_type: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        let headers = [("lambda-runtime-function-error-type", error_type)];
        self.call(Method::POST, &format!("invocation/{id}/error"), &headers, body.into()).await
    }

    /// Says that the initialisation failed.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn init_error(&mut self, error_type: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        let headers = [("lambda-runtime-function-error-type", error_type)];
        self.call(Method::POST, "init/error", &headers, body.into()).await
    }

    /// Any call below `/2018-06-01/runtime/`.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn call(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> io::Result<Reply> {
        let mut request = Request::builder().method(method).uri(format!("/2018-06-01/runtime/{path}"));
        request = request.header("host", "127.0.0.1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(io::Error::other)?;
        let connection = self.connected().await?;
        let response = connection.send_request(request).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body })
    }

    async fn connected(&mut self) -> io::Result<&mut SendRequest<Full<Bytes>>> {
        let alive = match &mut self.connection {
            Some(connection) => connection.ready().await.is_ok(),
            None => false,
        };
        if !alive {
            self.connection = None;
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            nothing => {
                let stream = TcpStream::connect(self.api).await?;
                let io = TokioIo::new(stream);
                let (sender, driver) =
                    hyper::client::conn::http1::handshake(io).await.map_err(io::Error::other)?;
                tokio::spawn(driver);
                Ok(nothing.insert(sender))
            }
        }
    }
}
