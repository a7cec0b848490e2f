//! Users.

use crate::platform::{Platform, allow};

#[tokio::test]
async fn a_user_is_created_shown_and_deleted() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let created = owner.ok("CreateUser", &[("UserName", "Ana"), ("Path", "/team/")]).await;
    assert_eq!(created.text("Arn"), "arn:aws:iam::000000000000:user/team/Ana");
    assert!(created.text("UserId").starts_with("AIDA") && created.text("UserId").len() == 21);
    assert_eq!(created.text("CreateDate"), "2026-11-24T06:00:00Z");
    let shown = owner.ok("GetUser", &[("UserName", "Ana")]).await;
    assert_eq!(shown.text("UserId"), created.text("UserId"));
    assert_eq!(shown.text("Path"), "/team/");
    owner.ok("DeleteUser", &[("UserName", "Ana")]).await;
    let (status, code, message) = owner.refused("GetUser", &[("UserName", "Ana")]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, "The user with name Ana cannot be found.");
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case_and_found_only_as_given() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    owner.ok("CreateUser", &[("UserName", "Ana")]).await;
    let (status, code, message) = owner.refused("CreateUser", &[("UserName", "ANA")]).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    assert_eq!(message, "User with name ANA already exists.");
    assert_eq!(owner.refused("GetUser", &[("UserName", "ana")]).await.1, "NoSuchEntity");
}

#[tokio::test]
async fn without_a_name_the_caller_is_meant() {
    let platform = Platform::start().await;
    let ana = platform.user_with("ana", &allow("iam:*")).await;
    assert_eq!(ana.ok("GetUser", &[]).await.text("UserName"), "ana");
    let root = platform.owner.ok("GetUser", &[]).await;
    assert_eq!(root.text("Arn"), "arn:aws:iam::000000000000:root");
    assert_eq!(root.text("UserId"), "000000000000");
}

#[tokio::test]
async fn a_user_with_anything_left_is_kept() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let key = {
        owner.ok("CreateUser", &[("UserName", "ana")]).await;
        owner.ok("CreateAccessKey", &[("UserName", "ana")]).await.text("AccessKeyId")
    };
    let name = ("UserName", "ana");
    let read_only = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    owner.ok("AttachUserPolicy", &[name, read_only]).await;
    owner.ok("PutUserPolicy", &[name, ("PolicyName", "p"), ("PolicyDocument", &allow("s3:*"))]).await;
    let expect = async |message: &str| {
        let refused = owner.refused("DeleteUser", &[name]).await;
        assert_eq!(refused, (409, "DeleteConflict".to_owned(), message.to_owned()));
    };
    expect("Cannot delete entity, must delete access keys first.").await;
    owner.ok("DeleteAccessKey", &[name, ("AccessKeyId", &key)]).await;
    expect("Cannot delete entity, must detach all policies first.").await;
    owner.ok("DetachUserPolicy", &[name, read_only]).await;
    expect("Cannot delete entity, must delete policies first.").await;
    owner.ok("DeleteUserPolicy", &[name, ("PolicyName", "p")]).await;
    owner.ok("DeleteUser", &[name]).await;
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let tag = [("UserName", "a"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    let (status, code, message) = owner.refused("CreateUser", &tag).await;
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert!(message.contains("Tags"), "{message}");
    let boundary = [("UserName", "a"), ("PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")];
    let (_, _, message) = owner.refused("CreateUser", &boundary).await;
    assert!(message.contains("PermissionsBoundary"), "{message}");
}

#[tokio::test]
async fn lists_come_in_pages_below_a_path() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    for (name, path) in [("a", "/x/"), ("b", "/"), ("c", "/x/y/"), ("d", "/x/"), ("e", "/")] {
        owner.ok("CreateUser", &[("UserName", name), ("Path", path)]).await;
    }
    let first = owner.ok("ListUsers", &[("MaxItems", "2"), ("PathPrefix", "/x/")]).await;
    assert_eq!(first.texts("UserName"), ["a", "c"]);
    assert_eq!(first.text("IsTruncated"), "true");
    owner.ok("CreateUser", &[("UserName", "a2"), ("Path", "/x/")]).await;
    let marker = first.text("Marker");
    let rest = owner.ok("ListUsers", &[("PathPrefix", "/x/"), ("Marker", &marker)]).await;
    assert_eq!(rest.texts("UserName"), ["d"]);
    assert_eq!((rest.text("IsTruncated").as_str(), rest.text("Marker").as_str()), ("false", ""));
    let (_, code, _) = owner.refused("ListUsers", &[("Marker", "***")]).await;
    assert_eq!(code, "ValidationError");
}
