//! The same patterns and events in `quamina`, a matcher of the same language that others wrote.
//!
//! Not compared, because `quamina` lacks it: `$or`; `anything-but` of numbers, of one value or with an operator; prefixes
//! and suffixes of any case. Nor where version 0.7 differs from the documentation: `exists` (two absent fields of an
//! absent object don't match), `numeric` (0 is between 0 and 1, null is less than -1), abbreviated IPv6 addresses, and a
//! field's value in an object of the same name in an array. The cases are the same in each run, so that one more such
//! difference fails when a version changes, not at random.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

mod given;

use std::cell::Cell;

use given::Language;
use pattern::Pattern;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quamina::Quamina;

/// See above.
const LEFT_OUT: [&str; 3] = ["exists", "numeric", "::"];

#[test]
fn quamina_says_the_same() {
    let (compared, matched) = (Cell::new(0), Cell::new(0));
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let cases = (given::pattern(Language::Simple), prop::collection::vec(given::shaped_event(), 6));
    let outcome = runner.run(&cases, |(pattern, events)| {
        let text = pattern.to_string();
        let mut oracle = Quamina::new();
        if LEFT_OUT.iter().any(|left_out| text.contains(left_out)) || oracle.add_pattern(0, &text).is_err() {
            return Ok(());
        }
        let ours = Pattern::parse(&text, usize::MAX).unwrap();
        for event in events {
            let theirs = oracle.has_matches(event.to_string().as_bytes()).unwrap();
            prop_assert_eq!(ours.matches(&event), theirs, "{} on {}", text, event);
            compared.set(compared.get() + 1);
            matched.set(matched.get() + usize::from(theirs));
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(compared.get() > 500 && matched.get() > 10, "{compared:?} compared, {matched:?} matched");
}
