//! Managed policies.

use crate::platform::{Platform, allow};

#[tokio::test]
async fn a_policy_is_created_shown_and_deleted() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let document = allow("s3:*");
    let create = [
        ("PolicyName", "buckets"),
        ("Path", "/team/"),
        ("PolicyDocument", document.as_str()),
        ("Description", "all"),
    ];
    let created = owner.ok("CreatePolicy", &create).await;
    let arn = created.text("Arn");
    assert_eq!(arn, "arn:aws:iam::000000000000:policy/team/buckets");
    assert!(created.text("PolicyId").starts_with("ANPA") && created.text("PolicyId").len() == 21);
    assert_eq!(created.text("DefaultVersionId"), "v1");
    let policy = ("PolicyArn", arn.as_str());
    let shown = owner.ok("GetPolicy", &[policy]).await;
    assert_eq!((shown.text("Description").as_str(), shown.text("AttachmentCount").as_str()), ("all", "0"));
    let version = owner.ok("GetPolicyVersion", &[policy, ("VersionId", "v1")]).await;
    assert_eq!(version.document("Document"), document);
    assert_eq!(version.text("IsDefaultVersion"), "true");
    assert_eq!(owner.refused("GetPolicyVersion", &[policy, ("VersionId", "v2")]).await.0, 404);
    let (status, code, message) = owner.refused("CreatePolicy", &create).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    assert_eq!(message, "A policy called buckets already exists. Duplicate names are not allowed.");
    owner.ok("DeletePolicy", &[policy]).await;
    let (status, code, message) = owner.refused("GetPolicy", &[policy]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, format!("Policy {arn} was not found."));
}

#[tokio::test]
async fn the_path_belongs_to_the_arn() {
    let platform = Platform::start().await;
    let document = allow("s3:*");
    let create = [("PolicyName", "p"), ("Path", "/a/"), ("PolicyDocument", document.as_str())];
    platform.owner.ok("CreatePolicy", &create).await;
    let elsewhere = [("PolicyArn", "arn:aws:iam::000000000000:policy/p")];
    assert_eq!(platform.owner.refused("GetPolicy", &elsewhere).await.1, "NoSuchEntity");
}

#[tokio::test]
async fn policies_of_other_accounts_are_nobodys_business() {
    let platform = Platform::start().await;
    let foreign = [("PolicyArn", "arn:aws:iam::123456789012:policy/p")];
    let (status, code, _) = platform.owner.refused("GetPolicy", &foreign).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn the_platforms_policies_can_be_read_and_not_deleted() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let arn = ("PolicyArn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
    assert_eq!(owner.ok("GetPolicy", &[arn]).await.text("Path"), "/service-role/");
    let version = owner.ok("GetPolicyVersion", &[arn, ("VersionId", "v1")]).await;
    assert!(version.document("Document").contains("logs:PutLogEvents"));
    let (status, code, message) = owner.refused("DeletePolicy", &[arn]).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert_eq!(message, "Policy is outside your own account.");
}

#[tokio::test]
async fn lists_can_be_narrowed() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let mine = platform.policy("mine", &allow("s3:*")).await;
    platform.policy("other", &allow("s3:*")).await;
    owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    for arn in [mine.as_str(), admin] {
        owner.ok("AttachUserPolicy", &[("UserName", "ana"), ("PolicyArn", arn)]).await;
    }
    let local = owner.ok("ListPolicies", &[("Scope", "Local")]).await;
    assert_eq!(local.texts("PolicyName"), ["mine", "other"]);
    assert_eq!(local.texts("AttachmentCount"), ["1", "0"]);
    let attached = owner.ok("ListPolicies", &[("OnlyAttached", "true")]).await;
    assert_eq!(attached.texts("PolicyName"), ["AdministratorAccess", "mine"]);
    let boundary = owner.ok("ListPolicies", &[("PolicyUsageFilter", "PermissionsBoundary")]).await;
    assert!(boundary.texts("PolicyName").is_empty());
    let below = owner.ok("ListPolicies", &[("PathPrefix", "/service-role/")]).await;
    assert_eq!(below.texts("PolicyName"), ["AWSLambdaBasicExecutionRole", "AWSLambdaRole"]);
    let (mut seen, mut marker) = (Vec::new(), String::new());
    loop {
        let mut ask = vec![("MaxItems", "3")];
        if !marker.is_empty() {
            ask.push(("Marker", &marker));
        }
        let page = owner.ok("ListPolicies", &ask).await;
        seen.extend(page.texts("PolicyName"));
        marker = page.text("Marker");
        if marker.is_empty() {
            break;
        }
    }
    assert_eq!(seen, owner.ok("ListPolicies", &[]).await.texts("PolicyName"));
    assert!(seen.len() > 10 && seen.ends_with(&["mine".to_owned(), "other".to_owned()]));
}
