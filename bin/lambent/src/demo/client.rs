//! A small client of the platform's own API: one connection, every request signed.

use super::DemoError;
use crate::first_key::FirstKey;
use crate::system::SystemClock;
use auth::sigv4::{self, Signer};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use secrecy::SecretString;
use tokio::net::TcpStream;
use types::Clock;

/// A client with the first account's key.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    key: FirstKey,
    secret: SecretString,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    error_type: String,
    pub(crate) body: String,
}

impl Reply {
    /// Whether this is the error with that code.
    pub(crate) fn names(&self, code: &str) -> bool {
        self.error_type == code || self.body.contains(&format!("<Code>{code}</Code>"))
    }
}

impl Client {
    pub(crate) async fn connect(key: &FirstKey) -> Result<Self, DemoError> {
        let stream = TcpStream::connect(key.address).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: key.address.to_string(),
            secret: SecretString::from(key.secret_access_key.clone()),
            key: key.clone(),
        })
    }

    /// A call of Lambda.
    pub(crate) async fn json(&mut self, method: &str, path: &str, body: &str) -> Result<Reply, DemoError> {
        self.send("lambda", method, path, "application/json", body.to_owned()).await
    }

    /// A call of a service that takes forms.
    pub(crate) async fn form(&mut self, service: &str, form: &[(&str, &str)]) -> Result<Reply, DemoError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(service, "POST", "/", "application/x-www-form-urlencoded", body).await
    }

    async fn send(
        &mut self,
        service: &str,
        method: &str,
        path: &str,
        content_type: &'static str,
        body: String,
    ) -> Result<Reply, DemoError> {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(&self.host).map_err(broken)?);
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let signer = Signer {
            access_key_id: &self.key.access_key_id,
            secret: &self.secret,
            session_token: None,
            region: if service == "iam" { "us-east-1" } else { self.key.region.as_str() },
            service,
        };
        let digest = sigv4::hash(body.as_bytes());
        sigv4::sign_headers(&signer, method, path, "", &mut headers, &digest, SystemClock.now())?;
        let mut request =
            Request::builder().method(method).uri(path).body(Full::from(body)).map_err(broken)?;
        *request.headers_mut() = headers;
        self.sender.ready().await.map_err(broken)?;
        let response = self.sender.send_request(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let error_type = response.headers().get("x-amzn-errortype").and_then(|v| v.to_str().ok());
        let error_type = error_type.unwrap_or_default().to_owned();
        let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
        Ok(Reply { status, error_type, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn broken(cause: impl std::fmt::Display) -> DemoError {
    DemoError::Connection(cause.to_string())
}
