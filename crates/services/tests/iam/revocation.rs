//! What is taken away is gone with the next request, and what is given is there.

use crate::platform::{Platform, allow, deny};

#[tokio::test]
async fn policies_take_effect_with_the_next_request() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let ana = platform.user("ana").await;
    let name = ("UserName", "ana");
    let (status, code, message) = ana.refused("ListRoles", &[]).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert!(message.starts_with("User: arn:aws:iam::000000000000:user/ana is not authorized"), "{message}");

    owner
        .ok("PutUserPolicy", &[name, ("PolicyName", "p"), ("PolicyDocument", &allow("iam:ListRoles"))])
        .await;
    ana.ok("ListRoles", &[]).await;
    owner.ok("DeleteUserPolicy", &[name, ("PolicyName", "p")]).await;
    assert_eq!(ana.refused("ListRoles", &[]).await.0, 403);

    let arn = platform.policy("mine", &allow("iam:*")).await;
    owner.ok("AttachUserPolicy", &[name, ("PolicyArn", &arn)]).await;
    ana.ok("ListRoles", &[]).await;
    let never = deny("iam:ListRoles", "*");
    owner.ok("PutUserPolicy", &[name, ("PolicyName", "never"), ("PolicyDocument", &never)]).await;
    let (_, _, message) = ana.refused("ListRoles", &[]).await;
    assert!(message.ends_with("with an explicit deny in an identity-based policy"), "{message}");
    owner.ok("DeleteUserPolicy", &[name, ("PolicyName", "never")]).await;
    ana.ok("ListRoles", &[]).await;
    owner.ok("DetachUserPolicy", &[name, ("PolicyArn", &arn)]).await;
    assert_eq!(ana.refused("ListRoles", &[]).await.0, 403);
}

#[tokio::test]
async fn a_deleted_access_key_is_refused_with_the_next_request() {
    let platform = Platform::start().await;
    let ana = platform.user_with("ana", &allow("iam:*")).await;
    ana.ok("ListRoles", &[]).await;
    ana.ok("DeleteAccessKey", &[("AccessKeyId", &ana.access_key_id)]).await;
    let (status, code, _) = ana.refused("ListRoles", &[]).await;
    assert_eq!((status, code.as_str()), (403, "InvalidClientTokenId"));
}
