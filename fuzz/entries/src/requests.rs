//! Requests of the AWS protocols: routed, read as values, validated, and masked for the audit trail.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use wire::{Incoming, services};

/// `METHOD SP path?query LF name:value LF … LF LF body`, before each service.
pub fn values(input: &[u8]) {
    let Some(request) = Request::read(input) else { return };
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let incoming =
        Incoming { method: &request.method, path, query, headers: &request.headers, body: &request.body };
    let _ = wire::guess_service(&incoming);
    for service in services() {
        let Ok(routed) = service.route(&incoming) else { continue };
        let Ok(value) = wire::read_input(&routed, &incoming) else { continue };
        let _ = wire::validate(routed.operation, &value);
        let _ = wire::masked(routed.operation, &value);
    }
}

/// A request in a form that a fuzzer finds its way in.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn read(input: &[u8]) -> Option<Self> {
        let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
        let body = Bytes::copy_from_slice(input.get(end + 2..).unwrap_or_default());
        let mut lines = input[..end].split(|byte| *byte == b'\n');
        let first = std::str::from_utf8(lines.next()?).ok()?;
        let (method, target) = first.split_once(' ')?;
        let mut headers = HeaderMap::new();
        for line in lines.take(64) {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            headers.append(name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?);
        }
        Some(Self { method: method.parse().ok()?, target: target.to_owned(), headers, body })
    }
}
