//! Pages of ListFunctions.

use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::Platform;

fn names(page: &Value) -> Vec<String> {
    let functions = page["Functions"].as_array().unwrap();
    functions.iter().map(|f| f["FunctionName"].as_str().unwrap().to_owned()).collect()
}

/// Something that happens between two pages.
#[derive(Debug, Clone)]
enum Step {
    Page(u8),
    Create(u8),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..4u8).prop_map(Step::Page),
        (0..12u8).prop_map(Step::Create),
        (0..12u8).prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 1..25)
}

/// A page holds the next functions in order of their names after the last one that was shown, whatever came and went.
async fn tell(steps: Vec<Step>) {
    let platform = Platform::start().await;
    let mut model: BTreeSet<String> = BTreeSet::new();
    for n in [1, 3, 5, 7, 9] {
        model.insert(format!("f{n:02}"));
        platform.create(platform.minimal(&format!("f{n:02}"))).await.ok();
    }
    let (mut marker, mut last) = (String::new(), String::new());
    for step in steps {
        match step {
            Step::Create(n) => {
                let name = format!("f{n:02}");
                let created = platform.create(platform.minimal(&name)).await;
                assert_eq!(created.status.is_success(), model.insert(name));
            }
            Step::Delete(n) => {
                let name = format!("f{n:02}");
                assert_eq!(platform.delete(&name).await.status.is_success(), model.remove(&name));
            }
            Step::Page(size) => {
                let page = platform.list(&format!("MaxItems={size}&Marker={marker}")).await.ok().json();
                let rest: Vec<_> = model.iter().filter(|name| **name > last).cloned().collect();
                let expected: Vec<_> = rest.iter().take(usize::from(size)).cloned().collect();
                assert_eq!(names(&page), expected);
                assert_eq!(page["NextMarker"].is_string(), rest.len() > expected.len());
                marker = page["NextMarker"].as_str().unwrap_or_default().to_owned();
                last = if marker.is_empty() {
                    String::new()
                } else {
                    expected.last().cloned().unwrap_or_default()
                };
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn markers_survive_creations_and_deletions(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(tell(steps));
    }
}

#[tokio::test]
async fn a_page_has_at_most_fifty_functions() {
    let platform = Platform::start().await;
    for n in 0..51 {
        platform.create(platform.minimal(&format!("f{n:02}"))).await.ok();
    }
    for query in ["", "MaxItems=10000"] {
        let page = platform.list(query).await.ok().json();
        assert_eq!(names(&page).len(), 50);
        let marker = page["NextMarker"].as_str().unwrap().to_owned();
        assert!(!marker.contains("f49"), "markers are opaque");
        let last = platform.list(&format!("Marker={marker}")).await.ok().json();
        assert_eq!((names(&last), &last["NextMarker"]), (vec!["f50".to_owned()], &Value::Null));
    }
    assert_eq!(platform.list("Marker=%25%25").await.code(), "InvalidParameterValueException");
    assert_eq!(platform.list("MaxItems=0").await.code(), "ValidationException");
}

#[tokio::test]
async fn a_list_shows_less_than_a_function() {
    let platform = Platform::with_function("echo").await;
    let page = platform.list("").await.ok().json();
    for member in [
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "RuntimeVersionConfig",
    ] {
        assert_eq!(page["Functions"][0][member], Value::Null, "{member}");
    }
    assert_eq!(page["Functions"][0]["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:echo");
    let all = platform.list("FunctionVersion=ALL").await.ok().json();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:echo:$LATEST";
    assert_eq!(
        (&all["Functions"][0]["FunctionArn"], &all["Functions"][0]["Version"]),
        (&arn.into(), &"$LATEST".into())
    );
}
