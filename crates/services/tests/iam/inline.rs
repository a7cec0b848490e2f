//! Inline policies.

use crate::platform::{Platform, allow};

#[tokio::test]
async fn a_policy_of_a_role_is_put_shown_replaced_and_deleted() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    platform.role("runner").await;
    let (role, policy) = (("RoleName", "runner"), ("PolicyName", "logs"));
    owner.ok("PutRolePolicy", &[role, policy, ("PolicyDocument", &allow("s3:*"))]).await;
    owner.ok("PutRolePolicy", &[role, policy, ("PolicyDocument", &allow("logs:*"))]).await;
    let shown = owner.ok("GetRolePolicy", &[role, policy]).await;
    assert_eq!(shown.document("PolicyDocument"), allow("logs:*"));
    assert_eq!((shown.text("RoleName").as_str(), shown.text("PolicyName").as_str()), ("runner", "logs"));
    assert_eq!(owner.ok("ListRolePolicies", &[role]).await.texts("member"), ["logs"]);
    let (status, code, message) = owner.refused("DeleteRole", &[role]).await;
    assert_eq!((status, code.as_str()), (409, "DeleteConflict"));
    assert_eq!(message, "Cannot delete entity, must delete policies first.");
    owner.ok("DeleteRolePolicy", &[role, policy]).await;
    let (status, _, message) = owner.refused("GetRolePolicy", &[role, policy]).await;
    assert_eq!((status, message.as_str()), (404, "The role policy with name logs cannot be found."));
    owner.ok("DeleteRole", &[role]).await;
}

#[tokio::test]
async fn a_policy_of_a_user_is_put_shown_listed_and_deleted() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let (user, document) = (("UserName", "ana"), allow("s3:*"));
    for name in ["a", "b", "c"] {
        owner.ok("PutUserPolicy", &[user, ("PolicyName", name), ("PolicyDocument", &document)]).await;
    }
    let shown = owner.ok("GetUserPolicy", &[user, ("PolicyName", "b")]).await;
    assert_eq!(shown.document("PolicyDocument"), document);
    let first = owner.ok("ListUserPolicies", &[user, ("MaxItems", "1")]).await;
    assert_eq!(first.texts("member"), ["a"]);
    let rest = owner.ok("ListUserPolicies", &[user, ("Marker", &first.text("Marker"))]).await;
    assert_eq!(rest.texts("member"), ["b", "c"]);
    owner.ok("DeleteUserPolicy", &[user, ("PolicyName", "b")]).await;
    let (_, _, message) = owner.refused("DeleteUserPolicy", &[user, ("PolicyName", "b")]).await;
    assert_eq!(message, "The user policy with name b cannot be found.");
}

#[tokio::test]
async fn documents_are_checked_and_their_sizes_added_up() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let user = ("UserName", "ana");
    let put = async |name: &str, document: &str| {
        owner.iam("PutUserPolicy", &[user, ("PolicyName", name), ("PolicyDocument", document)]).await
    };
    assert_eq!(put("bad", "{}").await.text("Code"), "MalformedPolicyDocument");
    let large = allow(&format!("s3:{}", "x".repeat(1000)));
    assert_eq!(put("a", &large).await.status, 200);
    let refused = put("b", &large).await;
    assert_eq!((refused.status, refused.text("Code").as_str()), (409, "LimitExceeded"));
    assert_eq!(refused.text("Message"), "Maximum policy size of 2048 bytes exceeded for user ana");
}

#[tokio::test]
async fn white_space_is_bounded_before_the_record_grows_too_long() {
    let platform = Platform::start().await;
    platform.role("runner").await;
    let document = format!("{}{}", allow("s3:*"), "\n".repeat(130_000));
    let mut statuses = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        let put = [("RoleName", "runner"), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        statuses.push(platform.owner.iam("PutRolePolicy", &put).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 409]);
}
