//! Patterns and events out of few names and few values, so that they meet.
//!
//! Lists of values stand under `p`, `q` and `r`, fields under `x` and `y`; in events anything stands anywhere.

#![allow(dead_code, reason = "each test uses a part of it")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => text().prop_map(Value::from),
        1 => prop::sample::select(vec![json!("10.0.0.7"), json!("10.0.1.7"), json!("::1"), json!("1::2")]),
        3 => number(),
        1 => prop::sample::select(vec![Value::Null, json!(true), json!(false)]),
    ]
}

fn text() -> impl Strategy<Value = String> {
    "[aAb*.]{0,3}"
}

fn number() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(-1),
        json!(0),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!(2),
        json!(300.0),
        json!(7e9),
    ])
}

fn ordered() -> impl Strategy<Value = Value> {
    number().prop_filter("within the limits", |number| number.as_f64().is_some_and(|number| number < 5e9))
}

fn wildcard() -> impl Strategy<Value = String> {
    let joined = prop::collection::vec(prop::sample::select(vec!["a", "b", r"\*", "A"]), 0..4);
    prop_oneof![3 => joined.prop_map(|parts| parts.join("*")), 1 => Just("*".to_owned()), 1 => Just("a*".to_owned())]
}

fn numeric() -> impl Strategy<Value = Value> {
    let one = (prop::sample::select(vec!["=", "<", "<=", ">", ">="]), ordered())
        .prop_map(|(operator, bound)| json!({"numeric": [operator, bound]}));
    let range =
        (prop::sample::select(vec![">", ">="]), prop::sample::select(vec!["<", "<="]), 0..4_i32, 1..3_i32)
            .prop_map(|(low, high, from, width)| json!({"numeric": [low, from - 2, high, from - 2 + width]}));
    prop_oneof![one, range]
}

/// What a list of values may hold that every matcher knows.
pub(crate) fn simple() -> impl Strategy<Value = Value> {
    let cidr = prop::sample::select(vec!["10.0.0.0/24", "10.0.0.9/8", "0.0.0.0/0", "::1/128", "1::/16"]);
    prop_oneof![
        4 => scalar(),
        1 => text().prop_map(|text| json!({"prefix": text})),
        1 => text().prop_map(|text| json!({"suffix": text})),
        1 => text().prop_map(|text| json!({"equals-ignore-case": text})),
        1 => wildcard().prop_map(|text| json!({"wildcard": text})),
        2 => numeric(),
        1 => cidr.prop_map(|cidr| json!({"cidr": cidr})),
        1 => Just(json!({"exists": true})),
        1 => Just(json!({"exists": false})),
        1 => prop::collection::vec(text(), 1..3).prop_map(|texts| json!({"anything-but": texts})),
    ]
}

/// What it may hold beyond that.
fn rich() -> impl Strategy<Value = Value> {
    let filled = || "[aAb*.]{1,2}";
    prop_oneof![
        text().prop_map(|text| json!({"prefix": {"equals-ignore-case": text}})),
        text().prop_map(|text| json!({"suffix": {"equals-ignore-case": text}})),
        text().prop_map(|text| json!({"anything-but": text})),
        prop::collection::vec(ordered(), 1..3).prop_map(|numbers| json!({"anything-but": numbers})),
        prop::collection::vec(filled(), 1..3).prop_map(|texts| json!({"anything-but": {"prefix": texts}})),
        filled().prop_map(|text| json!({"anything-but": {"suffix": text}})),
        text().prop_map(|text| json!({"anything-but": {"equals-ignore-case": text}})),
        wildcard().prop_map(|text| json!({"anything-but": {"wildcard": text}})),
    ]
}

fn values(condition: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(condition, 1..3).prop_map(Value::from)
}

/// Which conditions and structures a pattern may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Simple,
    Whole,
}

pub(crate) fn pattern(language: Language) -> BoxedStrategy<Value> {
    object(language, 3)
}

fn object(language: Language, depth: u32) -> BoxedStrategy<Value> {
    let condition = match language {
        Language::Simple => simple().boxed(),
        Language::Whole => prop_oneof![2 => simple(), 1 => rich()].boxed(),
    };
    let leaf = (prop::sample::select(vec!["p", "q", "r"]), values(condition)).boxed();
    if depth == 0 {
        return prop::collection::vec(leaf, 1..3).prop_map(entries).boxed();
    }
    let inner = (prop::sample::select(vec!["x", "y"]), object(language, depth - 1)).boxed();
    let or =
        prop::collection::vec(object(language, depth - 1), 2..4).prop_map(|all| ("$or", Value::from(all)));
    let entry = match language {
        Language::Simple => prop_oneof![3 => leaf, 2 => inner].boxed(),
        Language::Whole => prop_oneof![3 => leaf, 2 => inner, 1 => or].boxed(),
    };
    prop::collection::vec(entry, 1..4).prop_map(entries).boxed()
}

fn entries(entries: Vec<(&str, Value)>) -> Value {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// An event in which anything stands anywhere.
pub(crate) fn event() -> impl Strategy<Value = Value> {
    prop::collection::vec(field(), 0..5).prop_map(entries)
}

fn field() -> impl Strategy<Value = (&'static str, Value)> {
    let value = scalar().boxed().prop_recursive(4, 20, 4, |inner| {
        let name = prop::sample::select(vec!["p", "q", "r", "x", "y"]);
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            2 => prop::collection::vec((name, inner), 0..4).prop_map(entries),
        ]
    });
    (prop::sample::select(vec!["p", "q", "r", "x", "x", "y"]), value)
}

/// An event of the shape of the patterns: values under `p`, `q` and `r`, objects under `x` and `y`, either in arrays.
pub(crate) fn shaped_event() -> BoxedStrategy<Value> {
    shaped(3)
}

fn shaped(depth: u32) -> BoxedStrategy<Value> {
    let value = prop_oneof![2 => scalar(), 1 => prop::collection::vec(scalar(), 0..4).prop_map(Value::from)];
    let leaf = (prop::sample::select(vec!["p", "q", "r"]), value).boxed();
    if depth == 0 {
        return prop::collection::vec(leaf, 0..4).prop_map(entries).boxed();
    }
    let object = shaped(depth - 1);
    let list = prop::collection::vec(object.clone(), 0..4).prop_map(Value::from).boxed();
    let lists = prop::collection::vec(list.clone(), 1..3).prop_map(Value::from);
    let inner = prop_oneof![2 => object, 2 => list, 1 => lists];
    let inner = (prop::sample::select(vec!["x", "y"]), inner);
    prop::collection::vec(prop_oneof![1 => leaf, 1 => inner], 0..6).prop_map(entries).boxed()
}
