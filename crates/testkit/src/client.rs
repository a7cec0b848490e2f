//! A client of the platform: signs each request and sends it over a connection of its own.

use crate::directory::{OWNER_KEY, SECRET};
use auth::SecretString;
use auth::sigv4::{self, Signer};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use types::Clock;

/// Whose requests these are, and where they go.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    access_key_id: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Closes the connection when the caller goes away.
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr, clock: Arc<dyn Clock>) -> Self {
        Self { address, clock, access_key_id: OWNER_KEY.to_owned() }
    }

    /// The same client at another address of the platform, such as one inside of an environment.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// The same client with another access key.
    #[must_use]
    pub fn with_key(&self, access_key_id: &str) -> Self {
        Self { access_key_id: access_key_id.to_owned(), ..self.clone() }
    }

    /// Sends a signed request to Lambda.
    pub async fn send(&self, method: Method, target: &str, headers: HeaderMap, body: Bytes) -> Reply {
        let headers = self.signed(&method, target, headers, &body);
        self.exchange(method, target, headers, body).await
    }

    /// A signed request to Lambda as it goes over the wire, head and body apart, and where it goes: for tests that send it
    /// in their own way.
    pub fn raw(&self, method: &Method, target: &str, body: Bytes) -> (SocketAddr, Vec<u8>, Bytes) {
        let headers = self.signed(method, target, HeaderMap::new(), &body);
        let mut head =
            format!("{method} {target} HTTP/1.1\r\ncontent-length: {}\r\n", body.len()).into_bytes();
        for (name, value) in &headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        (self.address, head, body)
    }

    /// Gets a link that needs no signature.
    pub async fn fetch(&self, link: &str) -> Reply {
        let target = link.splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert("host", self.host());
        self.exchange(Method::GET, &target, headers, Bytes::new()).await
    }

    fn host(&self) -> HeaderValue {
        HeaderValue::from_str(&self.address.to_string()).expect("an address is a header's value")
    }

    fn signed(&self, method: &Method, target: &str, mut headers: HeaderMap, body: &Bytes) -> HeaderMap {
        headers.insert("host", self.host());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let secret = SecretString::from(SECRET);
        let signer = Signer {
            access_key_id: &self.access_key_id,
            secret: &secret,
            session_token: None,
            region: "us-east-1",
            service: "lambda",
        };
        let (digest, now) = (sigv4::hash(body), self.clock.now());
        sigv4::sign_headers(&signer, method.as_str(), path, query, &mut headers, &digest, now)
            .expect("the request can be signed");
        headers
    }

    async fn exchange(&self, method: Method, target: &str, headers: HeaderMap, body: Bytes) -> Reply {
        let stream = TcpStream::connect(self.address).await.expect("the platform listens");
        let (mut sender, driver) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1 is spoken");
        let _connection = Connection(tokio::spawn(driver).abort_handle());
        let mut request = Request::builder().method(method).uri(target);
        if let Some(all) = request.headers_mut() {
            *all = headers;
        }
        let request = request.body(Full::new(body)).expect("the request is whole");
        let response = sender.send_request(request).await.expect("the platform answers");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the answer is whole").to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The error's code.
    pub fn code(&self) -> &str {
        self.header("x-amzn-errortype").split(':').next().unwrap_or_default()
    }

    /// The error's message, whatever the shape calls it.
    pub fn message(&self) -> String {
        let body = self.json();
        let message = body.get("message").or_else(|| body.get("Message"));
        message.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Status, code and message together: what most tests of errors compare.
    pub fn error(&self) -> (u16, String, String) {
        (self.status.as_u16(), self.code().to_owned(), self.message())
    }

    /// The same reply, which must be a success.
    ///
    /// # Panics
    /// When it is not.
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{self:?}");
        self
    }
}
