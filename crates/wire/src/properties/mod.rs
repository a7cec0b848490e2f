//! Properties of the codecs, over every operation of every model, built or not: what a client writes is read as
//! itself, and nothing that comes in makes the crate panic.

use bytes::Bytes;
use http::{HeaderMap, Method};
use proptest::prelude::*;

use crate::properties::client::Request;
use crate::properties::dice::{Dice, Texts};
use crate::route::{Incoming, guess_service};
use crate::schema::{Operation, Protocol};
use crate::value::{Fields, Value};
use crate::{read_input, services, validate, write_error, write_output};

mod client;
mod dice;

fn operations() -> Vec<&'static Operation> {
    services().iter().flat_map(|service| service.operations).collect()
}

fn any_operation() -> impl Strategy<Value = &'static Operation> {
    prop::sample::select(operations())
}

/// The request's value after its way over the wire.
fn received(operation: &'static Operation, request: &Request) -> Value {
    let routed = operation.service.route(&request.incoming()).unwrap();
    assert_eq!(routed.operation.name, operation.name);
    read_input(&routed, &request.incoming()).unwrap_or_else(|error| panic!("{}: {error}", operation.name))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_client_writes_is_read_as_itself(operation in any_operation(), seed: u64) {
        let texts = if operation.service.protocol == Protocol::AwsQuery { Texts::Form } else { Texts::Json };
        let sent = Dice::new(seed, texts).input(operation);
        let request = Request::of(operation, &sent);
        prop_assert_eq!(received(operation, &request), sent);
    }

    #[test]
    fn any_value_can_be_validated_written_and_masked(operation in any_operation(), other in any_operation(), seed: u64) {
        let value = Dice::new(seed, Texts::Json).input(other);
        // Either outcome is right; that there is one is the property.
        let valid = validate(operation, &value);
        prop_assert_eq!(valid.is_err(), valid.err().is_some_and(|found| found.count() > 0));
        prop_assert!(crate::masked(operation, &value).is_object());
        let answer = write_output(operation, value, "id");
        prop_assert!(answer.headers.contains_key("x-amzn-requestid"));
    }

    #[test]
    fn a_json_body_with_a_hole_is_read_or_refused(operation in any_operation(), seed: u64, at: prop::sample::Index, byte: u8) {
        let sent = Dice::new(seed, Texts::Json).input(operation);
        let mut request = Request::of(operation, &sent);
        let mut body = request.body.to_vec();
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] = byte;
            request.body = Bytes::from(body);
        }
        if let Ok(routed) = operation.service.route(&request.incoming()) {
            let read = read_input(&routed, &request.incoming());
            prop_assert!(read.is_ok() || read.is_err_and(|error| !error.to_string().is_empty()));
        }
    }

    #[test]
    fn any_request_is_routed_or_refused(
        path in "(/[a-z0-9%-]{0,12}){0,6}|\\PC{0,20}",
        query in "\\PC{0,40}",
        body: Vec<u8>,
        target in "[ -~]{0,30}",
        method in prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::DELETE]),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", target.parse().unwrap());
        let body = Bytes::from(body);
        let incoming = Incoming { method: &method, path: &path, query: &query, headers: &headers, body: &body };
        guess_service(&incoming);
        for service in services() {
            match service.route(&incoming) {
                Ok(routed) => drop(read_input(&routed, &incoming)),
                Err(error) => prop_assert!((400..500).contains(&error.status())),
            }
        }
    }

    #[test]
    fn any_error_can_be_written(operation in any_operation(), code in "\\PC{0,20}", message in "\\PC{0,40}", id in "\\PC{0,20}") {
        let error = crate::WireError { code: &code, caller_fault: false, status: 500, message: &message, members: &[] };
        let answer = write_error(operation.service, &error, &id);
        prop_assert_eq!(answer.status.as_u16(), 500);
        prop_assert!(!answer.body.is_empty());
    }
}

#[test]
fn fields_keep_their_order_and_the_last_value() {
    let fields: Fields =
        [("b", Value::Int(1)), ("a", Value::Int(2)), ("b", Value::Int(3))].into_iter().collect();
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    assert_eq!(pairs, [("b".to_owned(), Value::Int(3)), ("a".to_owned(), Value::Int(2))]);
}
