//! Requests as text, as the published suites have them.

use auth::sigv4::SignedRequest;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// Request line, headers (continued lines too), an empty line, body.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.replace('\r', "");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let (line, rest) = head.trim_end().split_once('\n').unwrap();
        let (method, target) = line.split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers(&rest.replace("\n ", " ")),
            body: body.as_bytes().to_vec(),
        }
    }

    pub(crate) fn as_signed(&self) -> SignedRequest<'_> {
        SignedRequest { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }
}

fn headers(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}
