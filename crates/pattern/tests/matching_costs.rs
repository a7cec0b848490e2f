//! Matching is on the path of every event: it allocates nothing, and no pattern makes it slow.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use pattern::{CHARACTERS_MOST, Pattern};
use serde_json::{Value, json};

fn everything() -> Pattern {
    let pattern = json!({
        "exact": ["a", 1, true, null],
        "detail": {"ends": [{"prefix": "x"}, {"suffix": {"equals-ignore-case": "Ä"}}], "wild": [{"wildcard": "*a*b*"}]},
        "number": [{"numeric": [">", 0, "<=", 5.5]}, 123_456_789_012_u64],
        "address": [{"cidr": "10.0.0.0/8"}, {"cidr": "::/64"}],
        "not": [{"anything-but": {"equals-ignore-case": ["a", "b"]}}],
        "gone": [{"exists": false}],
        "$or": [{"list": {"k": ["2"], "v": [9]}}, {"list": {"k": ["3"], "v": [3]}}],
    });
    Pattern::parse(&pattern.to_string(), CHARACTERS_MOST).unwrap()
}

#[test]
fn matching_allocates_nothing() {
    let pattern = everything();
    let event = json!({
        "exact": ["b", null], "detail": [{"ends": "ä"}, {"ends": "AÄ", "wild": "..a..b"}], "number": 5.25,
        "address": "::1", "not": "c", "list": [{"k": "2", "v": 2}, [{"k": "3", "v": 3}]],
    });
    let mut matched = false;
    let measured = allocation_counter::measure(|| matched = pattern.matches(&event));
    assert!(matched);
    assert_eq!(measured.count_total, 0);
}

/// What makes a matcher slow that tracks back: this would not end.
#[test]
fn hard_patterns_end() {
    let long = "a".repeat(200_000);
    let event = json!({"a": long});
    let stars = format!(r#"{{"a":[{{"wildcard":"{}b"}}]}}"#, "*a".repeat(2_000));
    assert!(!Pattern::parse(&stars, CHARACTERS_MOST).unwrap().matches(&event));
    let repeated = format!(r#"{{"a":[{{"wildcard":"*{}b*"}}]}}"#, "a".repeat(4_000));
    assert!(!Pattern::parse(&repeated, CHARACTERS_MOST).unwrap().matches(&event));
}

/// Fields in different arrays are not tried in every combination, of which there would be 10^20 here.
#[test]
fn arrays_are_not_combined() {
    let names = ["a", "b", "c", "d", "e"];
    let list: Value = (0..10_000).map(|number| json!({"x": 1, "y": number})).collect();
    let event: Value =
        names.iter().map(|name| ((*name).to_owned(), list.clone())).collect::<serde_json::Map<_, _>>().into();
    let mut fields: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({"x": [1], "y": [{"exists": true}]}))).collect();
    let matching = Pattern::parse(&json!(fields).to_string(), CHARACTERS_MOST).unwrap();
    assert!(matching.matches(&event));
    fields.insert("z".to_owned(), json!(["missing"]));
    let missing = Pattern::parse(&json!(fields).to_string(), CHARACTERS_MOST).unwrap();
    assert!(!missing.matches(&event));
}
