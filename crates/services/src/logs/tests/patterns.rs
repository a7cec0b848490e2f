//! Filter patterns against a matcher that is written another way.

use crate::logs::pattern::Pattern;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Mark {
    Plain,
    Optional,
    Excluded,
}

fn term() -> impl Strategy<Value = (Mark, String, bool)> {
    let mark = prop_oneof![Just(Mark::Plain), Just(Mark::Optional), Just(Mark::Excluded)];
    (mark, "[ab]{1,2}", any::<bool>())
}

proptest! {
    #[test]
    fn terms_match_as_a_naive_matcher_says(
        terms in prop::collection::vec(term(), 0..5),
        message in "[abA ]{0,8}",
    ) {
        let written: Vec<String> = terms.iter().map(|(mark, text, quoted)| {
            let mark = match mark { Mark::Plain => "", Mark::Optional => "?", Mark::Excluded => "-" };
            if *quoted { format!("{mark}\"{text}\"") } else { format!("{mark}{text}") }
        }).collect();
        let pattern = Pattern::read(&written.join("  ")).unwrap();

        let found = |text: &str| (0..message.len()).any(|at| message[at..].starts_with(text));
        let only_optional = terms.iter().all(|(mark, ..)| matches!(mark, Mark::Optional));
        let expected = if only_optional {
            terms.is_empty() || terms.iter().any(|(_, text, _)| found(text))
        } else {
            terms.iter().all(|(mark, text, _)| match mark {
                Mark::Plain => found(text),
                Mark::Excluded => !found(text),
                Mark::Optional => true,
            })
        };
        prop_assert_eq!(pattern.matches(&message), expected);
    }

    #[test]
    fn no_pattern_is_a_panic(text in any::<String>(), message in any::<String>()) {
        if let Ok(pattern) = Pattern::read(&text) {
            pattern.matches(&message);
        }
    }
}

#[test]
fn the_documented_examples() {
    for (pattern, yes, no) in [
        ("ERROR", "[ERROR 400] BAD REQUEST", "[error 400]"),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", "[ERROR 400] BAD REQUEST"),
        ("?ERROR ?ARGUMENTS", "[INFO] ARGUMENTS", "[INFO] BAD REQUEST"),
        ("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", "INTERNAL ERROR"),
        ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", "[ERROR 419] MISSING ARGUMENTS"),
        ("\"say \\\"x\\\"\"", "I say \"x\"", "I say x"),
        ("-\"a b\"", "a  b", "a b"),
        ("\"100 %\"", "100 %", "100"),
    ] {
        let read = Pattern::read(pattern).unwrap();
        assert!(read.matches(yes), "{pattern} {yes}");
        assert!(!read.matches(no), "{pattern} {no}");
    }
    assert!(Pattern::read("").unwrap().matches("anything"));
}

#[test]
fn what_is_no_pattern_is_refused() {
    for (pattern, message) in [
        ("a.b", "Invalid character(s) in term 'a.b'"),
        ("\"\"", "Invalid character(s) in term '\"\"'"),
        ("?", "Invalid character(s) in term ''"),
        ("--a", "Invalid character(s) in term '-a'"),
        ("\"open", "Invalid filter pattern"),
        ("\"open\\", "Invalid filter pattern"),
    ] {
        let error = Pattern::read(pattern).unwrap_err();
        assert_eq!(error.code, "InvalidParameterException");
        assert_eq!(error.message, message, "{pattern}");
    }
}
