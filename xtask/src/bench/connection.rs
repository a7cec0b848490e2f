//! A client for single requests: what deploys the functions, and the first invocation of each.
//!
//! The loops that are timed use `load` instead, which takes less of the processors.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth::sigv4::{self, Signer};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use secrecy::SecretString;
use tokio::net::TcpStream;
use types::Timestamp;

/// The region that both sides are told.
pub(super) const REGION: &str = "us-east-1";

/// The access key that the bench gives its platform.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
}

/// What is asked for again and again.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Bytes,
    pub(super) service: &'static str,
    pub(super) content_type: &'static str,
    /// A header that says how the call is meant, where it needs one.
    pub(super) header: Option<(&'static str, &'static str)>,
    /// Without one the request goes unsigned.
    pub(super) key: Option<Key>,
}

impl Call {
    /// An invocation of a function of a service that checks no signatures.
    pub(super) fn unsigned(function: &str, event: &'static str) -> Self {
        Self {
            method: "POST",
            path: format!("/2015-03-31/functions/{function}/invocations"),
            body: Bytes::from_static(event.as_bytes()),
            service: "lambda",
            content_type: "application/json",
            header: None,
            key: None,
        }
    }

    /// The headers of a request in that second since the epoch, signed when the call has a key.
    pub(super) fn headers(&self, host: &HeaderValue, second: u64) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.clone());
        headers.insert("content-type", HeaderValue::from_static(self.content_type));
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(key) = &self.key {
            let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
            let secret = SecretString::from(key.secret);
            let signer = Signer {
                access_key_id: key.id,
                secret: &secret,
                session_token: None,
                region: REGION,
                service: self.service,
            };
            let digest = sigv4::hash(&self.body);
            let time = Timestamp(i64::try_from(second * 1000).unwrap_or(i64::MAX));
            sigv4::sign_headers(&signer, self.method, path, query, &mut headers, &digest, time)
                .map_err(text)?;
        }
        Ok(headers)
    }
}

/// An open connection.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(text)?;
        tokio::spawn(connection);
        let host = HeaderValue::from_str(&address.to_string()).map_err(text)?;
        Ok(Self { sender, host })
    }

    /// Sends once and answers with the body of a success.
    pub(super) async fn send(&mut self, call: &Call) -> Result<Bytes, String> {
        let headers = self.sign(call)?;
        self.send_signed(call, headers).await
    }

    /// The headers of a call, good for being sent soon.
    pub(super) fn sign(&self, call: &Call) -> Result<HeaderMap, String> {
        call.headers(&self.host, now().as_secs())
    }

    /// As [`Connection::send`], of a call that was signed before, so that sending takes no longer than it must.
    pub(super) async fn send_signed(&mut self, call: &Call, headers: HeaderMap) -> Result<Bytes, String> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(&call.path)
            .body(Full::from(call.body.clone()))
            .map_err(text)?;
        *request.headers_mut() = headers;
        self.sender.ready().await.map_err(text)?;
        let response = self.sender.send_request(request).await.map_err(text)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(text)?.to_bytes();
        let failed = parts.headers.contains_key("x-amz-function-error") || !parts.status.is_success();
        if failed {
            return Err(format!("{} {}: {}", call.path, parts.status, String::from_utf8_lossy(&body)));
        }
        Ok(body)
    }
}

/// Since the epoch.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(super) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
