//! Requests and answers as they stand on the wire, protocol by protocol.
#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected is found")]

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value as Json, json};
use wire::{
    Fields, Incoming, Outgoing, ReadError, RouteError, Service, Time, Typed, Value, WireError, iam, lambda,
    logs, sts,
};

mod aws_json;
mod aws_query;
mod rest_json;
mod services;

/// A request to be taken apart by routing and reading.
struct Request {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    fn new(method: &str, target: &str, body: impl Into<Bytes>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    fn json(target: &str, body: &Json) -> Self {
        Self::new("POST", "/", body.to_string()).with("x-amz-target", target)
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    fn incoming(&self) -> Incoming<'_> {
        let Self { method, path, query, headers, body } = self;
        Incoming { method, path, query, headers, body }
    }

    fn operation(&self, service: &str) -> Result<&'static str, RouteError> {
        by_name(service).route(&self.incoming()).map(|routed| routed.operation.name)
    }

    fn value(&self, service: &str) -> Result<Value, ReadError> {
        wire::read_input(&by_name(service).route(&self.incoming()).unwrap(), &self.incoming())
    }

    fn read<O: Typed>(&self) -> O::Input {
        let routed = O::OPERATION.service.route(&self.incoming()).unwrap();
        assert_eq!(routed.operation.name, O::OPERATION.name);
        let value = wire::read_input(&routed, &self.incoming()).unwrap();
        wire::validate(routed.operation, &value).unwrap();
        O::read(value).unwrap()
    }
}

fn by_name(name: &str) -> &'static Service {
    wire::service_by_signing_name(name).unwrap()
}

fn answer<O: Typed>(output: O::Output) -> Outgoing {
    wire::write_output(O::OPERATION, O::write(output), "id")
}

fn body(answer: &Outgoing) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}
