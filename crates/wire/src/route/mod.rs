//! Which operation a request means.
//!
//! Invariant: routing reads method, path, query, one header and, for forms, the pairs up to `Action` and `Version`;
//! it never looks at values.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::error::{ReadError, RouteError};
use crate::schema::{Operation, Protocol, Service};
use crate::table::services;

mod rest;

/// A request as it came in. The caller has bounded the body's size.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// What stands after the question mark, still percent-encoded; "" for nothing.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a Bytes,
}

/// A request whose operation is known.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The operation.
    pub operation: &'static Operation,
    /// The path's labels, decoded, by the name of their member on the wire.
    pub labels: Vec<(&'static str, String)>,
}

impl Service {
    /// Finds the operation that a request to this service means.
    pub fn route(&'static self, request: &Incoming<'_>) -> Result<Routed, RouteError> {
        match self.protocol {
            Protocol::RestJson1 => rest::route(self, request),
            Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => self.by_target(request),
            Protocol::AwsQuery => self.by_action(request),
        }
    }

    fn by_target(&'static self, request: &Incoming<'_>) -> Result<Routed, RouteError> {
        let target = target(request);
        let name = target.strip_prefix(self.target_prefix).and_then(|rest| rest.strip_prefix('.'));
        match name.and_then(|name| self.operation(name)) {
            Some(operation) => Ok(Routed { operation, labels: Vec::new() }),
            None => Err(RouteError::UnknownTarget { target: target.to_owned() }),
        }
    }

    fn by_action(&'static self, request: &Incoming<'_>) -> Result<Routed, RouteError> {
        let (action, version) = named_action(request)?;
        let known = if version == self.api_version { self.operation(&action) } else { None };
        match known {
            Some(operation) => Ok(Routed { operation, labels: Vec::new() }),
            None => {
                Err(RouteError::UnknownAction { action: action.into_owned(), version: version.into_owned() })
            }
        }
    }
}

/// The service of a request that no signature names: by its target header, by action and version, or by the date that
/// a REST path begins with.
pub fn guess_service(request: &Incoming<'_>) -> Option<&'static Service> {
    let prefix = target(request).rsplit_once('.').map(|(prefix, _)| prefix);
    services().iter().copied().find(|service| match service.protocol {
        Protocol::RestJson1 => rest::knows_first_segment(service, request.path),
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => prefix == Some(service.target_prefix),
        Protocol::AwsQuery => service.by_action(request).is_ok(),
    })
}

fn target<'a>(request: &Incoming<'a>) -> &'a str {
    request.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn named_action<'a>(request: &Incoming<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), ReadError> {
    let (mut action, mut version) = (None, None);
    for (name, value) in pairs(request)? {
        match name.as_ref() {
            "Action" => action = action.or(Some(value)),
            "Version" => version = version.or(Some(value)),
            _ => {}
        }
        if action.is_some() && version.is_some() {
            break;
        }
    }
    Ok((action.unwrap_or_default(), version.unwrap_or_default()))
}

/// The pairs of a query request: those of the query string, then those of the body.
pub(crate) fn pairs<'a>(
    request: &Incoming<'a>,
) -> Result<impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>, ReadError> {
    if std::str::from_utf8(request.body).is_err() {
        return Err(ReadError::Encoding { place: "The body" });
    }
    let parse = form_urlencoded::parse;
    Ok(parse(request.query.as_bytes()).chain(parse(request.body)))
}
