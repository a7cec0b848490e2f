//! One request while it is in the pipeline.

use crate::peer::Peer;
use hyper::http::request::Parts;
use types::{RequestId, Timestamp};

/// A request's head, with what the pipeline knows about it from the first moment.
pub(crate) struct Call {
    pub(crate) parts: Parts,
    pub(crate) peer: Peer,
    pub(crate) id: RequestId,
    pub(crate) now: Timestamp,
}

impl Call {
    /// The path as it was sent, still percent-encoded.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The query as it was sent; empty when there is none.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// A header's text; `None` when it is missing or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// How the client reached the service.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or("127.0.0.1"))
    }
}
