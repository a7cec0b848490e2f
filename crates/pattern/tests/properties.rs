//! A compiled pattern says what the slow matcher of `reference` says, whatever the pattern and the event.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

mod given;
mod reference;

use std::cell::Cell;

use given::Language;
use pattern::{CHARACTERS_MOST, Filters, Pattern, PatternError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[test]
fn a_compiled_pattern_agrees_with_the_slow_matcher() {
    let (matched, missed) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 1_500, failure_persistence: None, ..Config::default() });
    let event = || prop_oneof![given::event().boxed(), given::shaped_event()];
    let cases = (given::pattern(Language::Whole), prop::collection::vec(event(), 6));
    let outcome = runner.run(&cases, |(pattern, events)| {
        let compiled = match Pattern::parse(&pattern.to_string(), usize::MAX) {
            Ok(compiled) => compiled,
            Err(PatternError::TooManyCombinations(_)) => return Ok(()),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        for event in events {
            let expected = reference::matches(&pattern, &event);
            prop_assert_eq!(compiled.matches(&event), expected, "{} on {}", pattern, event);
            let count = if expected { &matched } else { &missed };
            count.set(count.get() + 1);
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(matched.get() > 200 && missed.get() > 500, "{matched:?} matched and {missed:?} did not");
}

proptest! {
    #![proptest_config(Config { cases: 1_000, failure_persistence: None, ..Config::default() })]

    /// No text breaks the parser, and what it takes can be matched.
    #[test]
    fn any_text_is_read_or_refused(text in r#"[{}\[\]":,a*/0-9$or \\\-.<>=]{0,60}"#) {
        if let Ok(pattern) = Pattern::parse(&text, CHARACTERS_MOST) {
            let _verdict = pattern.matches(&serde_json::from_str(&text).unwrap());
        }
    }

    /// Wildcards and cases of letters on longer texts than events have above.
    #[test]
    fn operators_on_text_agree_with_the_slow_matcher(
        wildcard in r"\*?(([ab]|\\\*){1,2}\*){0,4}[ab]{0,2}", letters in "[aAbBäÄß]{0,4}", text in "[aAbBäÄß*]{0,9}",
    ) {
        let event = serde_json::json!({"p": text});
        for condition in [
            serde_json::json!({"wildcard": wildcard}),
            serde_json::json!({"anything-but": {"wildcard": wildcard}}),
            serde_json::json!({"equals-ignore-case": letters}),
            serde_json::json!({"prefix": {"equals-ignore-case": letters}}),
            serde_json::json!({"suffix": {"equals-ignore-case": letters}}),
        ] {
            let pattern = serde_json::json!({"p": [condition]});
            let compiled = Pattern::parse(&pattern.to_string(), CHARACTERS_MOST).unwrap();
            prop_assert_eq!(compiled.matches(&event), reference::matches(&pattern, &event), "{} on {}", pattern, event);
        }
    }

    /// A message with a JSON body passes where the pattern for its body matches what is in it.
    #[test]
    fn a_json_body_is_matched_as_json(pattern in given::pattern(Language::Whole), event in given::event()) {
        let Ok(inner) = Pattern::parse(&pattern.to_string(), usize::MAX) else { return Ok(()) };
        let outer = serde_json::json!({"body": pattern}).to_string();
        prop_assume!(outer.len() <= CHARACTERS_MOST);
        let filters = Filters::parse(&[Some(&outer)], 1).unwrap();
        let record = serde_json::json!({"messageId": "m", "body": event.to_string()});
        prop_assert_eq!(filters.matches_sqs(&record), inner.matches(&event));
    }
}
