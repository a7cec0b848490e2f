//! Requests that nobody would send: whatever is in them, the answer is the caller's error or a success, never a failure
//! of the service, and the record is one.

use crate::client::Call;
use crate::platform::Platform;
use crate::samples;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use tokio::runtime::Runtime;

/// Any JSON of moderate size, odd texts included.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("arn:aws:lambda:us-east-1:000000000000:function:echo:1")),
        Just(json!("arn:aws:iam::123456789012:role/x")),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,12}", inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// A built operation with one member of its input replaced by anything.
fn bent_call() -> impl Strategy<Value = Call> {
    let operations: Vec<_> = samples::built().collect();
    (prop::sample::select(operations), any::<prop::sample::Index>(), anything()).prop_map(
        |(operation, member, value)| {
            let mut input = samples::input(operation);
            let members = operation.input.map_or(&[][..], wire::Shape::members);
            if !members.is_empty() {
                let member = &members[member.index(members.len())];
                let is_text = member.location != wire::Location::Body
                    || operation.service.protocol == wire::Protocol::AwsQuery;
                let value = if is_text {
                    json!(value.to_string().replace(|c: char| !c.is_ascii_graphic(), "_"))
                } else {
                    value
                };
                input[member.name] = value;
            }
            samples::request(operation, &input)
        },
    )
}

/// Bytes where a request's body belongs.
fn garbage_call() -> impl Strategy<Value = Call> {
    let operations: Vec<_> = samples::built().collect();
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    (prop::sample::select(operations), bytes)
        .prop_map(|(operation, bytes)| samples::request(operation, &samples::input(operation)).body(bytes))
}

/// A path and a query that lead anywhere.
fn stray_call() -> impl Strategy<Value = Call> {
    let method = prop::sample::select(vec!["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"]);
    let target = "/(2015-03-31|functions|event-source-mappings|%2[0-9a-f]|[!-~&&[^ #<>\"{}|\\\\^`]]{0,8}|/){0,6}(\\?[a-zA-Z0-9%=&+.]{0,20})?";
    let service = prop::sample::select(vec!["lambda", "iam", "sts", "logs", "s3"]);
    (method, target, service)
        .prop_filter("a client could send it", |(_, target, _)| {
            target
                .parse::<hyper::Uri>()
                .is_ok_and(|uri| uri.query() == target.split_once('?').map(|(_, query)| query))
        })
        .prop_map(|(method, target, service)| Call::new(method, &target, service))
}

/// The statuses that came back.
fn hold<S: Strategy<Value = Call>>(cases: u32, calls: S) -> BTreeSet<u16> {
    let runtime = Runtime::new().unwrap();
    let platform = runtime.block_on(Platform::start());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let statuses = RefCell::new(BTreeSet::new());
    let done = runner.run(&calls, |call| {
        let now = platform.clock_now();
        if auth::sigv4::claim(&auth::sigv4::SignedRequest {
            method: &call.method,
            path: "/",
            query: call.target.split_once('?').map_or("", |(_, query)| query),
            headers: &call.headers,
        })
        .is_err()
        {
            return Ok(());
        }
        let request = call.signed(&platform.host(), Some(&platform.root), now);
        let answer = runtime.block_on(crate::client::send(platform.address, request)).unwrap();
        let status = answer.status.as_u16();
        statuses.borrow_mut().insert(status);
        prop_assert!(status < 500 || status == 501, "{status}: {}", answer.text());
        prop_assert_eq!(answer.header("x-amzn-requestid").len(), 36);
        Ok(())
    });
    done.unwrap();
    let records = runtime.block_on(platform.finish());
    let ids: HashSet<_> = records.iter().map(|record| &record.request_id).collect();
    assert_eq!(ids.len(), records.len(), "one record per request");
    statuses.into_inner()
}

#[test]
fn a_member_that_holds_anything_is_the_callers_error_or_fine() {
    let statuses = hold(600, bent_call());
    assert!(statuses.is_superset(&[200, 400].into()), "{statuses:?}");
}

#[test]
fn a_body_of_garbage_is_the_callers_error_or_fine() {
    let statuses = hold(300, garbage_call());
    assert!(statuses.contains(&400), "{statuses:?}");
}

#[test]
fn a_stray_target_is_the_callers_error() {
    let statuses = hold(600, stray_call());
    assert!(statuses.is_superset(&[400, 403].into()), "{statuses:?}");
}
