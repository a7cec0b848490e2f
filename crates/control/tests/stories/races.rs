//! Several callers at once.

use crate::words::{base64, code};
use serde_json::json;
use testkit::{Platform, zip};

#[tokio::test]
async fn of_creations_of_one_name_exactly_one_wins() {
    let platform = Platform::start().await;
    let create = |n: u8| {
        let mut request = platform.minimal("echo");
        request["Code"] = json!({"ZipFile": base64(&zip(&[n]))});
        platform.create(request)
    };
    let answers = tokio::join!(create(0), create(1), create(2), create(3), create(4), create(5));
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status.is_success());
    assert_eq!(won.len(), 1);
    let conflict = (409, "ResourceConflictException".to_owned(), "Function already exist: echo".to_owned());
    assert!(lost.iter().all(|answer| answer.error() == conflict), "{lost:?}");
    let stored = platform.configuration("echo").await.ok().json();
    assert_eq!(stored["CodeSha256"], won[0].json()["CodeSha256"]);
    assert_eq!(platform.blobs_after_sweep().await, 1);
    assert_eq!(platform.usage().await, (1, zip(&[0]).len() as u64));
}

#[tokio::test]
async fn updates_and_a_deletion_leave_all_or_nothing() {
    for round in 0..20 {
        let platform = Platform::start().await;
        platform.create(platform.minimal("echo")).await.ok();
        let (first, deleted, second) = tokio::join!(
            platform.update_code("echo", code(b"1")),
            async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                platform.delete("echo").await
            },
            platform.update_configuration("echo", json!({"Timeout": 9})),
        );
        deleted.ok();
        for update in [first, second] {
            assert!(matches!(update.status.as_u16(), 200 | 404), "{update:?}");
        }
        assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
        assert_eq!(platform.usage().await, (0, 0));
    }
}

#[tokio::test]
async fn a_name_can_be_used_again_at_once() {
    let platform = Platform::start().await;
    for _ in 0..10 {
        platform.create(platform.minimal("echo")).await.ok();
        platform.delete("echo").await.ok();
    }
    assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
}

#[tokio::test]
async fn many_uploads_at_once_all_succeed() {
    let platform = Platform::start().await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..40 {
        let request = platform.minimal(&format!("f{n}"));
        let client = platform.client.clone();
        calls.spawn(async move {
            let body = request.to_string();
            client
                .send(http::Method::POST, "/2015-03-31/functions", http::HeaderMap::new(), body.into())
                .await
        });
    }
    while let Some(answer) = calls.join_next().await {
        answer.unwrap().ok();
    }
    assert_eq!(platform.blobs_after_sweep().await, 40);
    assert_eq!(platform.usage().await.0, 40);
}
