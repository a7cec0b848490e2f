//! Whole answers, member by member: what a client of the service sees for the least function that there is.
//!
//! The members and their values are those of CreateFunction's and GetFunction's answers in the API reference; ids and
//! times are the test kit's. A golden file that is missing is written, and the test fails once.

use serde_json::Value;
use std::path::Path;
use testkit::{Activate, Platform, Setup};

/// Compares an answer whose `RevisionId`, wherever it stands, is an id that can't be foretold: it depends on how often
/// the test asked before.
fn check(name: &str, shown: &mut Value) {
    let configuration =
        if shown["Configuration"].is_object() { &mut shown["Configuration"] } else { &mut *shown };
    let revision = configuration["RevisionId"].as_str().unwrap();
    assert!(revision.parse::<types::RevisionId>().is_ok(), "{revision}");
    configuration["RevisionId"] = "an id".into();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(shown).unwrap());
    match std::fs::read_to_string(&path) {
        Ok(golden) => assert_eq!(text, golden, "{name}"),
        Err(_) => {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            panic!("{name} was missing and is written now: look at it");
        }
    }
}

#[tokio::test]
async fn answers_look_like_the_services() {
    if cfg!(target_arch = "aarch64") {
        // The golden files name the architecture.
        return;
    }
    let platform = Platform::with(Setup { activate: Activate::OnDemand, ..Setup::default() }).await;
    let created = platform.create(platform.minimal("echo")).await.ok();
    assert_eq!(created.header("content-type"), "application/json");
    check("create_function.json", &mut created.json());
    platform.activate();
    platform.settled("echo").await;
    let mut got = platform.get("echo").await.ok().json();
    let location = got["Code"]["Location"].take();
    assert!(location.as_str().unwrap().starts_with("http://127.0.0.1:"), "{location}");
    check("get_function.json", &mut got);
    let mut updated = platform.update_code("echo", crate::words::code(b"new")).await.ok().json();
    check("update_function_code.json", &mut updated);
}
