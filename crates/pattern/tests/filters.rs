//! Filter criteria: their number, any of them, and the table of what happens to the messages of a queue.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use std::error::Error as _;

use pattern::{FILTERS, FILTERS_MOST, FilterError, Filters};
use serde_json::{Value, json};

fn filters(patterns: &[Value]) -> Filters {
    let texts: Vec<_> = patterns.iter().map(Value::to_string).collect();
    let texts: Vec<_> = texts.iter().map(|text| Some(text.as_str())).collect();
    Filters::parse(&texts, FILTERS).unwrap()
}

fn message(body: &str) -> Value {
    json!({"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "body": body, "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}})
}

#[test]
fn the_documented_table_of_formats() {
    let json_body = message(r#"{"RecordNumber": 1234, "RequestCode": "BBBB"}"#);
    let plain_body = message("BBBB");
    let (in_json, in_plain) =
        (json!({"body": {"RequestCode": ["BBBB"]}}), json!({"body": ["BBBB", {"prefix": "{"}]}));
    let elsewhere = json!({"eventSource": ["aws:sqs"]});
    // message, pattern, whether it passes
    let rows = [
        (&plain_body, &in_plain, true),
        (&plain_body, &in_json, false),
        (&plain_body, &elsewhere, true),
        (&json_body, &in_plain, false),
        (&json_body, &in_json, true),
        (&json_body, &elsewhere, true),
    ];
    for (message, pattern, passes) in rows {
        assert_eq!(
            filters(std::slice::from_ref(pattern)).matches_sqs(message),
            passes,
            "{pattern} on {message}"
        );
    }
}

#[test]
fn a_format_that_differs_drops_even_what_asks_for_absence() {
    let absent = filters(&[json!({"body": {"x": [{"exists": false}]}})]);
    assert!(absent.matches_sqs(&message("{}")));
    assert!(!absent.matches_sqs(&message("plain")));
    assert!(!filters(&[json!({"body": [{"exists": false}]})]).matches_sqs(&message("{}")));
    assert!(!filters(&[json!({"body": [{"anything-but": "x"}]})]).matches_sqs(&message("{}")));
}

#[test]
fn the_documented_examples() {
    let number = |number: u32| message(&json!({"RecordNumber": number, "RequestCode": "AAAA"}).to_string());
    let large = filters(&[json!({"body": {"RecordNumber": [{"numeric": [">", 9999]}]}})]);
    assert!(large.matches_sqs(&number(10_000)) && !large.matches_sqs(&number(9_999)));
    let either =
        filters(&[json!({"body": {"RequestCode": ["BBBB"]}}), json!({"body": {"RecordNumber": [1]}})]);
    assert!(either.matches_sqs(&number(1)) && !either.matches_sqs(&number(2)));
    let stream = filters(&[json!({"dynamodb": {"Keys": {"Id": {"N": ["101"]}}}})]);
    assert!(stream.matches(&json!({"dynamodb": {"Keys": {"Id": {"N": "101"}}}})));
    let table = json!({"Location": ["New York"], "$or": [{"Day": ["Monday"]}, {"Weather": [{"anything-but": ["Raining"]}]}]});
    assert!(filters(&[table]).matches(&json!({"Location": "New York", "Weather": "Sunny"})));
}

#[test]
fn what_only_looks_like_json_is_plain() {
    let any = filters(&[json!({"body": [{"exists": true}]})]);
    for plain in ["", "123", "true", "\"quoted\"", "{broken", "[1, 2", "  text"] {
        assert!(any.matches_sqs(&message(plain)), "{plain}");
    }
    for json in ["{}", " [1]", "\n{\"a\": 1}"] {
        assert!(!any.matches_sqs(&message(json)), "{json}");
    }
    assert!(filters(&[json!({"body": {"a": [1]}})]).matches_sqs(&message(r#"[{"a": 2}, {"a": 1}]"#)));
}

#[test]
fn metadata_is_matched_beside_the_body() {
    let both = filters(&[json!({"body": ["x"], "attributes": {"ApproximateReceiveCount": ["1"]}})]);
    assert!(both.matches_sqs(&message("x")) && !both.matches_sqs(&message("y")));
    let or = filters(&[json!({"$or": [{"body": {"a": [1]}}, {"messageId": [{"prefix": "059"}]}]})]);
    assert!(or.matches_sqs(&message("plain")), "the other branch says nothing of the body");
    let without = json!({"messageId": "1"});
    assert!(!filters(&[json!({"body": {"a": [1]}})]).matches_sqs(&without));
}

#[test]
fn no_filters_pass_everything() {
    let none = Filters::parse(&[], FILTERS).unwrap();
    assert!(none.matches_sqs(&message("x")) && none.matches(&json!({})));
}

#[test]
fn too_many_and_invalid_filters_are_refused() {
    let six = [Some(r#"{"a":[1]}"#); 6];
    assert!(Filters::parse(&six, FILTERS_MOST).is_ok());
    assert_eq!(Filters::parse(&six, FILTERS).unwrap_err(), FilterError::TooMany { count: 6, quota: 5 });
    let long = format!(r#"{{"a":["{}"]}}"#, "x".repeat(4_096));
    for pattern in [None, Some(""), Some("{}"), Some(r#"{"eventName":"INSERT"}"#), Some(long.as_str())] {
        let error = Filters::parse(&[Some(r#"{"a":[1]}"#), pattern], FILTERS).unwrap_err();
        assert_eq!(error.to_string(), "Invalid filter pattern definition.");
        assert_eq!(error.source().is_some(), pattern.is_some());
    }
}
