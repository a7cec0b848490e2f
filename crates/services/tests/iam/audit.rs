//! The audit record of a change, in the change's own transaction.

use crate::platform::{NOW, Platform};

#[tokio::test]
async fn each_change_leaves_one_record_and_each_refusal_another() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    platform.role("runner").await;
    let policy = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    for _ in 0..2 {
        owner.ok("AttachRolePolicy", &[("RoleName", "runner"), policy]).await;
    }
    let records = async || -> Vec<serde_json::Value> {
        let log = platform.store.read_log("audit", 0, 100).await.unwrap();
        log.into_iter().map(|(_, record)| record).collect()
    };
    let written = records().await;
    let names: Vec<_> = written.iter().map(|record| record["event_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["CreateRole", "AttachRolePolicy", "AttachRolePolicy"]);
    assert!(written.iter().all(|record| record["outcome"]["result"] == "succeeded"));
    assert_eq!(written[0]["event_time"], NOW.millis());
    assert_eq!(written[0]["resources"][0], "arn:aws:iam::000000000000:role/runner");

    owner.refused("DeleteRole", &[("RoleName", "runner")]).await;
    let mut all = records().await;
    while all.len() < 4 {
        tokio::task::yield_now().await;
        all = records().await;
    }
    assert_eq!(all[3]["outcome"]["error_code"], "DeleteConflict");
}
