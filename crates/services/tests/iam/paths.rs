//! Permissions speak of ARNs, calls of names: those with a path, and those that are left out.

use crate::platform::{Platform, TRUST, allow, deny};

#[tokio::test]
async fn a_deny_on_a_path_holds_for_calls_that_give_the_name() {
    let platform = Platform::start().await;
    let create = [("RoleName", "boss"), ("Path", "/locked/"), ("AssumeRolePolicyDocument", TRUST)];
    platform.owner.ok("CreateRole", &create).await;
    let ana = platform.user_with("ana", &allow("iam:*")).await;
    ana.ok("GetRole", &[("RoleName", "boss")]).await;
    let locked = deny("iam:*", "arn:aws:iam::000000000000:role/locked/*");
    let put = [("UserName", "ana"), ("PolicyName", "locked"), ("PolicyDocument", locked.as_str())];
    platform.owner.ok("PutUserPolicy", &put).await;
    for (action, more) in [
        ("GetRole", None),
        ("DeleteRole", None),
        ("AttachRolePolicy", Some(("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"))),
        ("ListRolePolicies", None),
    ] {
        let mut ask = vec![("RoleName", "boss")];
        ask.extend(more);
        let (status, code, message) = ana.refused(action, &ask).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{action}");
        assert!(message.contains("role/locked/boss with an explicit deny"), "{message}");
    }
    platform.owner.ok("GetRole", &[("RoleName", "boss")]).await;
}

#[tokio::test]
async fn a_deny_on_oneself_holds_for_calls_that_leave_the_name_out() {
    let platform = Platform::start().await;
    let ana = platform.user_with("ana", &allow("iam:*")).await;
    ana.ok("ListAccessKeys", &[]).await;
    let oneself = deny("iam:*AccessKey*", "arn:aws:iam::000000000000:user/ana");
    let put = [("UserName", "ana"), ("PolicyName", "keys"), ("PolicyDocument", oneself.as_str())];
    platform.owner.ok("PutUserPolicy", &put).await;
    for action in ["CreateAccessKey", "ListAccessKeys"] {
        assert_eq!(ana.refused(action, &[]).await.1, "AccessDenied", "{action}");
    }
    let delete = [("AccessKeyId", ana.access_key_id.as_str())];
    assert_eq!(ana.refused("DeleteAccessKey", &delete).await.1, "AccessDenied");
}
