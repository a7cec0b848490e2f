//! The directory behind signatures and execution roles.

use crate::platform::{Platform, ROOT_KEY, TRUST, allow};
use auth::policy::Context;
use auth::{Directory, Principal};

#[tokio::test]
async fn answers_change_with_the_commit() {
    let platform = Platform::start().await;
    let ana = platform.user("ana").await;
    let credential = async || platform.iam.credential(&ana.access_key_id).await.unwrap();
    assert!(credential().await.unwrap().identity.policies.is_empty());
    let put = [("UserName", "ana"), ("PolicyName", "p"), ("PolicyDocument", &allow("s3:*"))];
    platform.owner.ok("PutUserPolicy", &put).await;
    let read_only = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    platform.owner.ok("AttachUserPolicy", &[("UserName", "ana"), read_only]).await;
    assert_eq!(credential().await.unwrap().identity.policies.len(), 2);
    let delete = [("UserName", "ana"), ("AccessKeyId", ana.access_key_id.as_str())];
    platform.owner.ok("DeleteAccessKey", &delete).await;
    assert!(credential().await.is_none());
}

#[tokio::test]
async fn nobody_is_behind_an_unknown_key() {
    let platform = Platform::start().await;
    let long = "A".repeat(5000);
    for id in ["", "AKIANOBODY", "a\u{1f}b", "a\nb", &long] {
        assert!(platform.iam.credential(id).await.unwrap().is_none(), "{id:?}");
    }
    let root = platform.iam.credential(ROOT_KEY).await.unwrap().unwrap();
    assert!(matches!(root.identity.principal, Principal::Root(_)));
    assert!(root.active);
}

#[tokio::test]
async fn the_trust_of_a_role_is_found_by_its_whole_arn() {
    let platform = Platform::start().await;
    let create = [("RoleName", "Runner"), ("Path", "/x/"), ("AssumeRolePolicyDocument", TRUST)];
    let arn = platform.owner.ok("CreateRole", &create).await.text("Arn");
    let trust = platform.iam.role_trust(&arn).await.unwrap().unwrap();
    let lambda = Principal::Service("lambda.amazonaws.com".to_owned());
    assert!(trust.allows(&lambda, "sts:AssumeRole", &Context::default()));
    for other in [
        "arn:aws:iam::000000000000:role/Runner",
        "arn:aws:iam::000000000000:role/x/runner",
        "arn:aws:iam::000000000000:user/x/Runner",
        "arn:aws:iam::123456789012:role/x/Runner",
        "arn:aws:iam:us-east-1:000000000000:role/x/Runner",
        "Runner",
        "",
        "arn:aws:iam::000000000000:role/a\u{1f}b",
    ] {
        assert!(platform.iam.role_trust(other).await.unwrap().is_none(), "{other}");
    }
}
