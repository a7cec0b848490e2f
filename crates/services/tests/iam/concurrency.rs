//! Callers at the same time, of two services over one store: nothing is lost, nothing is left over.

use crate::client::Client;
use crate::platform::{Platform, TRUST, allow};
use tokio::task::JoinSet;

/// Who calls what, with which parameters.
type Call = (Client, &'static str, Vec<(&'static str, String)>);

async fn together(calls: Vec<Call>) -> Vec<u16> {
    let mut running = JoinSet::new();
    for (client, action, parameters) in calls {
        running.spawn(async move {
            let parameters: Vec<_> = parameters.iter().map(|(n, v)| (*n, v.as_str())).collect();
            client.iam(action, &parameters).await.status
        });
    }
    running.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_creates_a_role_of_the_same_name() {
    let mut platform = Platform::start().await;
    let second = platform.second().await;
    let create = vec![("RoleName", "r".to_owned()), ("AssumeRolePolicyDocument", TRUST.to_owned())];
    let both = [&platform.owner, &second].into_iter().cycle().cloned();
    let calls = both.take(16).map(|owner| (owner, "CreateRole", create.clone())).collect();
    let statuses = together(calls).await;
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1);
    assert!(statuses.iter().all(|s| matches!(s, 200 | 409)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_of_one_user_are_all_kept() {
    let mut platform = Platform::start().await;
    let second = platform.second().await;
    platform.owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let put = |n: usize| {
        vec![
            ("UserName", "ana".to_owned()),
            ("PolicyName", format!("p{n:02}")),
            ("PolicyDocument", allow("s3:*")),
        ]
    };
    let both = [&platform.owner, &second].into_iter().cycle().cloned();
    let calls = both.take(20).enumerate().map(|(n, owner)| (owner, "PutUserPolicy", put(n))).collect();
    assert!(together(calls).await.iter().all(|status| *status == 200));
    let kept = platform.owner.ok("ListUserPolicies", &[("UserName", "ana")]).await.texts("member");
    assert_eq!(kept.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn attaching_and_deleting_leave_no_orphan() {
    let mut platform = Platform::start().await;
    let second = platform.second().await;
    let owner = &platform.owner;
    platform.role("runner").await;
    for round in 0..12 {
        let arn = platform.policy(&format!("p{round}"), &allow("s3:*")).await;
        let policy = vec![("PolicyArn", arn.clone())];
        let attach = vec![("RoleName", "runner".to_owned()), ("PolicyArn", arn.clone())];
        let calls =
            vec![(owner.clone(), "AttachRolePolicy", attach), (second.clone(), "DeletePolicy", policy)];
        together(calls).await;
        let exists = owner.iam("GetPolicy", &[("PolicyArn", &arn)]).await.status == 200;
        let attached = owner.ok("ListAttachedRolePolicies", &[("RoleName", "runner")]).await;
        assert_eq!(attached.texts("PolicyArn").contains(&arn), exists, "round {round}");
        if exists {
            owner.ok("DetachRolePolicy", &[("RoleName", "runner"), ("PolicyArn", &arn)]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_deleted_with_an_access_key_in_the_making() {
    let mut platform = Platform::start().await;
    let second = platform.second().await;
    let owner = &platform.owner;
    for round in 0..12 {
        let name = format!("u{round}");
        let user = [("UserName", name.as_str())];
        owner.ok("CreateUser", &user).await;
        let create = owner.iam("CreateAccessKey", &user);
        let delete = second.iam("DeleteUser", &user);
        let (created, deleted) = tokio::join!(create, delete);
        match (created.status, deleted.status) {
            (200, 409) => {
                let who = owner.with_key_of(&created);
                let who = who.call("sts", "2011-06-15", "GetCallerIdentity", &[]).await;
                assert_eq!(who.status, 200, "round {round}");
            }
            (404, 200) => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
}
