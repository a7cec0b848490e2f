//! A client that signs requests and reads answers, both by hand.

use auth::SecretString;
use auth::sigv4::{Signer, hash, sign_headers};
use http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use types::Timestamp;

/// Somebody with an access key.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) now: Timestamp,
    pub(crate) access_key_id: String,
    pub(crate) secret: SecretString,
    /// Of a session.
    pub(crate) token: Option<SecretString>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Client {
    /// The same client with another access key.
    pub(crate) fn with_key(&self, id: &str, secret: &str) -> Self {
        Self { access_key_id: id.to_owned(), secret: secret.into(), token: None, ..self.clone() }
    }

    /// With the access key in an answer of CreateAccessKey.
    pub(crate) fn with_key_of(&self, answer: &Answer) -> Self {
        self.with_key(&answer.text("AccessKeyId"), &answer.text("SecretAccessKey"))
    }

    pub(crate) async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.call("iam", "2010-05-08", action, parameters).await
    }

    /// A call that must go well.
    pub(crate) async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.iam(action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        answer
    }

    /// A call that must be refused: its status, code and message.
    pub(crate) async fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String, String) {
        let answer = self.iam(action, parameters).await;
        assert_ne!(answer.status, 200, "{action}: {}", answer.body);
        (answer.status, answer.text("Code"), answer.text("Message"))
    }

    pub(crate) async fn call(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(&self.address.to_string()).unwrap());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        headers.insert("content-type", form);
        let signer = Signer {
            access_key_id: &self.access_key_id,
            secret: &self.secret,
            session_token: self.token.as_ref(),
            region: "us-east-1",
            service,
        };
        sign_headers(&signer, "POST", "/", "", &mut headers, &hash(body.as_bytes()), self.now).unwrap();
        self.send(&headers, &body).await
    }

    async fn send(&self, headers: &HeaderMap, body: &str) -> Answer {
        let mut request =
            format!("POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        request.push_str("\r\n");
        request.push_str(body);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, body: body.to_owned() }
    }
}

impl Answer {
    /// The text of the first element of this name; empty where there is none.
    pub(crate) fn text(&self, element: &str) -> String {
        self.texts(element).into_iter().next().unwrap_or_default()
    }

    /// The texts of all elements of this name.
    pub(crate) fn texts(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let after = self.body.split(open.as_str()).skip(1);
        after.map(|rest| unescaped(rest.split(close.as_str()).next().unwrap())).collect()
    }

    /// A document, decoded.
    pub(crate) fn document(&self, element: &str) -> String {
        percent_decode_str(&self.text(element)).decode_utf8().unwrap().into_owned()
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}
