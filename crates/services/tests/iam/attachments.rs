//! Managed policies attached to users and roles.

use crate::platform::{Platform, allow};

#[tokio::test]
async fn an_attached_policy_is_counted_listed_and_kept() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    platform.role("runner").await;
    owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let arn = platform.policy("mine", &allow("s3:*")).await;
    let (role, policy) = (("RoleName", "runner"), ("PolicyArn", arn.as_str()));
    for _ in 0..2 {
        owner.ok("AttachRolePolicy", &[role, policy]).await;
    }
    owner.ok("AttachUserPolicy", &[("UserName", "ana"), policy]).await;
    assert_eq!(owner.ok("GetPolicy", &[policy]).await.text("AttachmentCount"), "2");
    let listed = owner.ok("ListAttachedRolePolicies", &[role]).await;
    assert_eq!((listed.text("PolicyName"), listed.text("PolicyArn")), ("mine".to_owned(), arn.clone()));
    let listed = owner.ok("ListAttachedUserPolicies", &[("UserName", "ana"), ("PathPrefix", "/x/")]).await;
    assert!(listed.texts("PolicyName").is_empty());
    let (status, code, message) = owner.refused("DeletePolicy", &[policy]).await;
    assert_eq!((status, code.as_str()), (409, "DeleteConflict"));
    assert_eq!(message, "Cannot delete a policy attached to entities.");
    let (_, _, message) = owner.refused("DeleteRole", &[role]).await;
    assert_eq!(message, "Cannot delete entity, must detach all policies first.");
    owner.ok("DetachRolePolicy", &[role, policy]).await;
    let (status, _, message) = owner.refused("DetachRolePolicy", &[role, policy]).await;
    assert_eq!((status, message), (404, format!("Policy {arn} was not found.")));
    owner.ok("DetachUserPolicy", &[("UserName", "ana"), policy]).await;
    assert_eq!(owner.ok("GetPolicy", &[policy]).await.text("AttachmentCount"), "0");
    owner.ok("DeletePolicy", &[policy]).await;
    owner.ok("DeleteRole", &[role]).await;
}

#[tokio::test]
async fn the_platforms_policies_are_counted_too() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let policy = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    for name in ["a", "b"] {
        platform.role(name).await;
        owner.ok("AttachRolePolicy", &[("RoleName", name), policy]).await;
    }
    assert_eq!(owner.ok("GetPolicy", &[policy]).await.text("AttachmentCount"), "2");
    owner.ok("DetachRolePolicy", &[("RoleName", "a"), policy]).await;
    assert_eq!(owner.ok("GetPolicy", &[policy]).await.text("AttachmentCount"), "1");
}

#[tokio::test]
async fn only_what_exists_can_be_attached_and_ten_at_most() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    platform.role("runner").await;
    let role = ("RoleName", "runner");
    let missing = "arn:aws:iam::aws:policy/NoSuchThing";
    let (status, code, message) = owner.refused("AttachRolePolicy", &[role, ("PolicyArn", missing)]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, format!("Policy {missing} does not exist or is not attachable."));
    for n in 0..10 {
        let arn = platform.policy(&format!("p{n}"), &allow("s3:*")).await;
        owner.ok("AttachRolePolicy", &[role, ("PolicyArn", &arn)]).await;
    }
    let eleventh = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    let (status, code, message) = owner.refused("AttachRolePolicy", &[role, eleventh]).await;
    assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
    assert_eq!(message, "Cannot exceed quota for PoliciesPerRole: 10");
    let first = owner.ok("ListAttachedRolePolicies", &[role, ("MaxItems", "7")]).await;
    assert_eq!((first.texts("PolicyName").len(), first.text("IsTruncated")), (7, "true".to_owned()));
    let marker = first.text("Marker");
    let rest = owner.ok("ListAttachedRolePolicies", &[role, ("Marker", &marker)]).await;
    assert_eq!(rest.texts("PolicyName"), ["p7", "p8", "p9"]);
}
