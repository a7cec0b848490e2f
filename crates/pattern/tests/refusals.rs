//! What is no pattern, and what callers are told.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use pattern::{CHARACTERS_MOST, Pattern, PatternError};

#[track_caller]
fn refused(pattern: &str, reason: &str) {
    let error = Pattern::parse(pattern, CHARACTERS_MOST).expect_err(pattern);
    assert_eq!(error.for_event_bus(), format!("Event pattern is not valid. Reason: {reason}"), "{pattern}");
}

/// A pattern whose one field has this one value.
#[track_caller]
fn refused_value(value: &str, reason: &str) {
    refused(&format!(r#"{{"a":[{value}]}}"#), reason);
}

#[test]
fn structure() {
    refused("[]", "Filter is not an object");
    refused("\"a\"", "Filter is not an object");
    refused("{}", "Empty objects are not allowed");
    refused(r#"{"source":["aws.health"],"detail":{}}"#, "Empty objects are not allowed");
    refused(r#"{"a":[]}"#, "Empty arrays are not allowed");
    refused(r#"{"lenderId":"LenderA"}"#, "\"lenderId\" must be an object or an array");
    refused(r#"{"a":null}"#, "\"a\" must be an object or an array");
    refused_value("[1]", "Match value must be String, number, true, false, or null");
    assert!(matches!(Pattern::parse("{", 9), Err(PatternError::NotJson(_))));
    assert!(matches!(Pattern::parse(r#"{"a":[1]} x"#, 99), Err(PatternError::NotJson(_))));
    let deep = format!("{}[1]{}", r#"{"a":"#.repeat(130), "}".repeat(130));
    assert!(matches!(Pattern::parse(&deep, 9_999), Err(PatternError::NotJson(_))));
}

#[test]
fn operators() {
    refused_value("{}", "Match expression name not found");
    refused_value(r#"{"preefix":"a"}"#, "Unrecognized match type preefix");
    refused_value(r#"{"prefix":"a","suffix":"b"}"#, "Only one key allowed in match expression");
    refused_value(r#"{"prefix":"a","prefix":"a"}"#, "Only one key allowed in match expression");
    refused_value(r#"{"exists":true,"prefix":"b"}"#, "Only one key allowed in match expression");
    refused_value(r#"{"exists":"true"}"#, "exists match pattern must be either true or false.");
    refused_value(r#"{"prefix":1}"#, "prefix match pattern must be a string");
    refused_value(r#"{"suffix":["a"]}"#, "suffix match pattern must be a string");
    refused_value(r#"{"exactly":1}"#, "exact match pattern must be a string");
    refused_value(r#"{"prefix":{}}"#, "Prefix expression name not found");
    refused_value(r#"{"suffix":{"wildcard":"a"}}"#, "Unsupported suffix pattern: wildcard");
    refused_value(
        r#"{"prefix":{"equals-ignore-case":1}}"#,
        "equals-ignore-case match pattern must be a string",
    );
    refused_value(
        r#"{"prefix":{"equals-ignore-case":"a","x":1}}"#,
        "Only one key allowed in match expression",
    );
    refused_value(r#"{"equals-ignore-case":["a"]}"#, "equals-ignore-case match pattern must be a string");
    refused_value(r#"{"wildcard":1}"#, "wildcard match pattern must be a string");
    refused_value(r#"{"wildcard":"a**b"}"#, "Consecutive wildcard characters at pos 2");
    refused_value(r#"{"wildcard":"a\\b"}"#, "Invalid escape character at pos 2");
}

#[test]
fn anything_but() {
    refused_value(
        r#"{"anything-but":true}"#,
        "Value of anything-but must be an array or single string/number value.",
    );
    refused_value(
        r#"{"anything-but":[true]}"#,
        "Inside anything but list, start|null|boolean is not supported.",
    );
    let mixed =
        "Inside anything but list, either all values are number or string, mixed type is not supported";
    refused_value(r#"{"anything-but":["a",1]}"#, mixed);
    refused_value(r#"{"anything-but":[]}"#, mixed);
    refused_value(r#"{"anything-but":{}}"#, "Anything-But expression name not found");
    refused_value(r#"{"anything-but":{"numeric":["=",1]}}"#, "Unsupported anything-but pattern: numeric");
    refused_value(r#"{"anything-but":{"prefix":""}}"#, "Null prefix/suffix not allowed");
    refused_value(r#"{"anything-but":{"suffix":["a",""]}}"#, "Null prefix/suffix not allowed");
    refused_value(r#"{"anything-but":{"prefix":1}}"#, "prefix/suffix match pattern must be a string");
    refused_value(r#"{"anything-but":{"prefix":[]}}"#, "Empty arrays are not allowed");
    let letters = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.";
    refused_value(r#"{"anything-but":{"equals-ignore-case":["a",1]}}"#, letters);
    refused_value(r#"{"anything-but":{"wildcard":["a",1]}}"#, "wildcard match pattern must be a string");
    refused_value(r#"{"anything-but":{"wildcard":"**"}}"#, "Consecutive wildcard characters at pos 1");
    refused_value(r#"{"anything-but":5000000001}"#, "Value must be between -5.0E9 and 5.0E9, inclusive");
}

#[test]
fn numeric() {
    refused_value(r#"{"numeric":5}"#, "Value of numeric must be an array.");
    refused_value(r#"{"numeric":[]}"#, "Invalid member in numeric match: ]");
    refused_value(r#"{"numeric":[5]}"#, "Invalid member in numeric match: 5");
    refused_value(r#"{"numeric":["!=",5]}"#, "Unrecognized numeric range operator: !=");
    refused_value(r#"{"numeric":["="]}"#, "Value of equals must be numeric");
    refused_value(r#"{"numeric":["<","5"]}"#, "Value of < must be numeric");
    refused_value(r#"{"numeric":["=",1,"<",5]}"#, "Too many elements in numeric expression");
    refused_value(r#"{"numeric":["<",5,">",1]}"#, "Too many elements in numeric expression");
    refused_value(r#"{"numeric":["=",1],"x":1}"#, "Too many elements in numeric expression");
    refused_value(r#"{"numeric":[">",1,5]}"#, "Bad value in numeric range: 5");
    refused_value(r#"{"numeric":[">",1,">",5]}"#, "Bad numeric range operator: >");
    refused_value(r#"{"numeric":[">",1,"<"]}"#, "Value of < must be numeric");
    refused_value(r#"{"numeric":[">",1,"<",5,"<"]}"#, "Too many terms in numeric range expression");
    refused_value(r#"{"numeric":[">",5,"<",1]}"#, "Bottom must be less than top");
    refused_value(r#"{"numeric":[">=",5,"<=",5]}"#, "Bottom must be less than top");
    refused_value(r#"{"numeric":["<",5000000000.5]}"#, "Value must be between -5.0E9 and 5.0E9, inclusive");
}

#[test]
fn cidr() {
    refused_value(r#"{"cidr":1}"#, "prefix match pattern must be a string");
    refused_value(r#"{"cidr":"10.0.0.0"}"#, "Malformed CIDR, one '/' required");
    refused_value(r#"{"cidr":"10.0.0.0/"}"#, "Malformed CIDR, one '/' required");
    refused_value(r#"{"cidr":"foo/bar/baz"}"#, "Malformed CIDR, one '/' required");
    refused_value(r#"{"cidr":"10.0.0.0/foo"}"#, "Malformed CIDR, mask bits must be an integer");
    refused_value(r#"{"cidr":"10.0.0.0/-3424"}"#, "Malformed CIDR, mask bits must not be negative");
    refused_value(r#"{"cidr":"10.0.0.0/33"}"#, "IPv4 mask bits must be < 33");
    refused_value(r#"{"cidr":"2400:6500:FF00::36FB:1F80/222"}"#, "IPv6 mask bits must be < 129");
    refused_value(r#"{"cidr":"700.0.0.1/3"}"#, "Invalid IP address: 700.0.0.1");
    refused_value(r#"{"cidr":"10.10.10.10.10/3"}"#, "Nonstandard IP address: 10.10.10.10.10");
    refused_value(r#"{"cidr":"snorkle/3"}"#, "Nonstandard IP address: snorkle");
}

#[test]
fn or() {
    refused(r#"{"$or":{"a":[1]}}"#, "It must be an Array followed with $or.");
    refused(r#"{"$or":[1,2]}"#, "Only JSON object is allowed in array of $or relationship.");
    refused(r#"{"$or":[{"a":[1]}]}"#, "There must have at least 2 Objects in $or relationship.");
    refused(r#"{"$or":[]}"#, "There must have at least 2 Objects in $or relationship.");
    refused(r#"{"$or":[{"a":[1]},{}]}"#, "Empty objects are not allowed");
    let reserved = "prefix is Ruler reserved fieldName which cannot be used inside $or.";
    refused(r#"{"$or":[{"prefix":[1]},{"a":[1]}]}"#, reserved);
    refused(r#"{"$or":[{"a":{"prefix":[1]}},{"a":[1]}]}"#, reserved);
    assert!(Pattern::parse(r#"{"prefix":["a field outside"]}"#, 99).is_ok());
}

/// `count` times an `$or` of three, each with names of its own, or all with the same.
fn ors(count: usize, own: bool) -> String {
    let one = |index: usize| {
        let name = if own { index } else { 0 };
        format!(r#""$or":[{{"a{name}":{{"x":[1]}}}},{{"b{name}":[2]}},{{"c{name}":[3]}}]"#)
    };
    format!("{{{}}}", (0..count).map(one).collect::<Vec<_>>().join(","))
}

#[test]
fn or_multiplies_out_to_a_thousand_combinations() {
    for own in [true, false] {
        assert!(Pattern::parse(&ors(6, own), CHARACTERS_MOST).is_ok(), "729");
        let error = Pattern::parse(&ors(7, own), CHARACTERS_MOST).unwrap_err();
        assert_eq!(error, PatternError::TooManyCombinations(1_000));
        assert!(matches!(
            Pattern::parse(&ors(80, own), CHARACTERS_MOST),
            Err(PatternError::TooManyCombinations(_))
        ));
    }
}

#[test]
fn what_multiplies_out_to_too_many_fields_is_refused() {
    let common: Vec<_> = (0..300).map(|index| format!(r#""{index}":[1]"#)).collect();
    let ten: Vec<_> = (0..10).map(|index| format!(r#"{{"a":{{"y{index}":[1]}}}}"#)).collect();
    let or = format!(r#""$or":[{}]"#, ten.join(","));
    let pattern = format!(r#"{{"a":{{{}}},{or},{or}}}"#, common.join(","));
    assert!(pattern.len() <= CHARACTERS_MOST);
    assert_eq!(Pattern::parse(&pattern, CHARACTERS_MOST).unwrap_err(), PatternError::TooComplex);
}

#[test]
fn length_is_counted_in_characters() {
    let pattern = format!(r#"{{"a":["{}"]}}"#, "ä".repeat(90));
    assert!(Pattern::parse(&pattern, 100).is_ok());
    assert_eq!(Pattern::parse(&pattern, 99).unwrap_err(), PatternError::TooLong { length: 100, limit: 99 });
}
