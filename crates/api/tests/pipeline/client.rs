//! A small client that signs.

use crate::people::Key;
use auth::sigv4::{self, Signer};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use types::Timestamp;

/// A request before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Path and query, as they are sent.
    pub(crate) target: String,
    /// The signing name of the service.
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(method: &str, target: &str, service: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            service: service.to_owned(),
            region: "us-east-1".to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn region(mut self, region: &str) -> Self {
        self.region = region.to_owned();
        self
    }

    fn split(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// The request, signed with the key at this time; unsigned without a key.
    pub(crate) fn signed(&self, host: &str, key: Option<&Key>, now: Timestamp) -> Request<Full<Bytes>> {
        let mut headers = self.headers.clone();
        headers.insert("host", HeaderValue::from_str(host).unwrap());
        if let Some(key) = key {
            let signer = Signer {
                access_key_id: &key.id,
                secret: &key.secret,
                session_token: key.token.as_ref(),
                region: &self.region,
                service: &self.service,
            };
            let (path, query) = self.split();
            let hash = sigv4::hash(&self.body);
            sigv4::sign_headers(&signer, &self.method, path, query, &mut headers, &hash, now).unwrap();
        }
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.parse().unwrap();
        *request.uri_mut() = self.target.parse().unwrap();
        *request.headers_mut() = headers;
        request
    }
}

/// Sends a request over a connection of its own.
pub(crate) async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = read(sender.send_request(request).await?).await;
    connection.abort();
    answer
}

pub(crate) async fn read(response: hyper::Response<hyper::body::Incoming>) -> Result<Answer, hyper::Error> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answer { status: parts.status, headers: parts.headers, body })
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The error's code, in whichever protocol.
    pub(crate) fn code(&self) -> String {
        match self.header("x-amzn-errortype") {
            "" => self.between("<Code>", "</Code>"),
            code => code.to_owned(),
        }
    }

    /// The error's message, in whichever protocol.
    pub(crate) fn message(&self) -> String {
        if self.text().starts_with('<') {
            return self.between("<Message>", "</Message>");
        }
        let json = self.json();
        let message = json.get("message").or(json.get("Message")).and_then(serde_json::Value::as_str);
        message.unwrap_or_default().to_owned()
    }

    fn between(&self, start: &str, end: &str) -> String {
        let rest = self.text().split_once(start).map(|(_, rest)| rest).unwrap_or_default();
        rest.split_once(end).map(|(inner, _)| inner).unwrap_or_default().to_owned()
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.status == 403
    }
}
