//! Routing by method and path: every template of the service is tried, and the one with the earliest literals wins.
//!
//! Invariant: a label is one segment of the raw path, decoded afterwards, so that an encoded slash stays inside it.

use percent_encoding::percent_decode_str;

use super::{Incoming, Routed};
use crate::error::{ReadError, RouteError};
use crate::schema::{Operation, Segment, Service};

pub(super) fn route(service: &'static Service, request: &Incoming<'_>) -> Result<Routed, RouteError> {
    let parts = segments(request.path);
    let candidates =
        service.operations.iter().filter(|operation| operation.method == request.method.as_str());
    let fitting =
        candidates.filter(|operation| fits(operation.path, &parts) && asks(operation, request.query));
    let operation = fitting.max_by_key(|operation| rank(operation)).ok_or(RouteError::NoRoute)?;
    Ok(Routed { operation, labels: labels(operation, &parts)? })
}

/// Whether some operation's path begins like this one.
pub(super) fn knows_first_segment(service: &Service, path: &str) -> bool {
    let Some(first) = path.split('/').find(|part| !part.is_empty()) else { return false };
    let begins = |operation: &Operation| matches!(operation.path.first(), Some(Segment::Literal(text)) if *text == first);
    service.operations.iter().any(begins)
}

/// The parts between slashes; a slash at the end is ignored, as the service does.
fn segments(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').collect()
}

fn fits(template: &[Segment], parts: &[&str]) -> bool {
    let fit = |(segment, part): (&Segment, &&str)| match segment {
        Segment::Literal(text) => text == part,
        Segment::Label(_) => !part.is_empty(),
    };
    template.len() == parts.len() && template.iter().zip(parts).all(fit)
}

/// Whether the query string has the pairs that the template demands.
fn asks(operation: &Operation, query: &str) -> bool {
    let given =
        |wanted: &(&str, &str)| form_urlencoded::parse(query.as_bytes()).any(|(k, v)| (&*k, &*v) == *wanted);
    operation.query.iter().all(given)
}

/// Literals beat labels, earlier segments count more; then the query's demands.
fn rank(operation: &Operation) -> (Vec<bool>, usize) {
    let literal = |segment: &Segment| matches!(segment, Segment::Literal(_));
    (operation.path.iter().map(literal).collect(), operation.query.len())
}

fn labels(operation: &Operation, parts: &[&str]) -> Result<Vec<(&'static str, String)>, ReadError> {
    let mut found = Vec::new();
    for (segment, raw) in operation.path.iter().zip(parts) {
        if let Segment::Label(name) = segment {
            let text = percent_decode_str(raw).decode_utf8();
            let text = text.map_err(|_| ReadError::Encoding { place: "The path" })?;
            found.push((*name, text.into_owned()));
        }
    }
    Ok(found)
}
