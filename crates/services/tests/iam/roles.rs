//! Roles.

use crate::platform::{Platform, TRUST, allow};

#[tokio::test]
async fn a_role_is_created_shown_and_deleted() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let create = [
        ("RoleName", "runner"),
        ("Path", "/service-role/"),
        ("AssumeRolePolicyDocument", TRUST),
        ("Description", "runs functions"),
        ("MaxSessionDuration", "7200"),
    ];
    let created = owner.ok("CreateRole", &create).await;
    assert_eq!(created.text("Arn"), "arn:aws:iam::000000000000:role/service-role/runner");
    assert!(created.text("RoleId").starts_with("AROA") && created.text("RoleId").len() == 21);
    let shown = owner.ok("GetRole", &[("RoleName", "runner")]).await;
    assert!(shown.text("AssumeRolePolicyDocument").starts_with("%7B%22Version%22%3A%222012-10-17%22"));
    assert_eq!(shown.document("AssumeRolePolicyDocument"), TRUST);
    assert_eq!(shown.text("Description"), "runs functions");
    assert_eq!(shown.text("MaxSessionDuration"), "7200");
    let (status, code, message) = owner.refused("CreateRole", &create).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    assert_eq!(message, "Role with name runner already exists.");
    owner.ok("DeleteRole", &[("RoleName", "runner")]).await;
    let (status, code, message) = owner.refused("DeleteRole", &[("RoleName", "runner")]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, "The role with name runner cannot be found.");
}

#[tokio::test]
async fn a_trust_policy_is_checked() {
    let platform = Platform::start().await;
    for bad in ["{", &allow("s3:*"), &TRUST.replace("sts:AssumeRole", "s3:GetObject")] {
        let create = [("RoleName", "r"), ("AssumeRolePolicyDocument", bad)];
        let (status, code, _) = platform.owner.refused("CreateRole", &create).await;
        assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"), "{bad}");
    }
    assert!(platform.owner.ok("ListRoles", &[]).await.texts("RoleName").is_empty());
}

#[tokio::test]
async fn roles_are_listed_in_pages() {
    let platform = Platform::start().await;
    for name in ["a", "b", "c"] {
        platform.role(name).await;
    }
    let first = platform.owner.ok("ListRoles", &[("MaxItems", "2")]).await;
    assert_eq!(first.texts("RoleName"), ["a", "b"]);
    assert_eq!(first.document("AssumeRolePolicyDocument"), TRUST);
    platform.owner.ok("DeleteRole", &[("RoleName", "b")]).await;
    let rest = platform.owner.ok("ListRoles", &[("Marker", &first.text("Marker"))]).await;
    assert_eq!(rest.texts("RoleName"), ["c"]);
}
