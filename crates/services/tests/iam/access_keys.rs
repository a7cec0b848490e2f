//! Access keys.

use crate::platform::{Platform, ROOT_KEY, allow};

#[tokio::test]
async fn a_secret_is_shown_once_and_signs() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let created = owner.ok("CreateAccessKey", &[("UserName", "ana")]).await;
    let (id, secret) = (created.text("AccessKeyId"), created.text("SecretAccessKey"));
    assert!(id.starts_with("AKIA") && id.len() == 20);
    assert_eq!(secret.len(), 40);
    assert_eq!(created.text("Status"), "Active");
    let listed = owner.ok("ListAccessKeys", &[("UserName", "ana")]).await;
    assert_eq!(listed.texts("AccessKeyId"), [id.as_str()]);
    assert!(!listed.body.contains(&secret));
    let who = owner.with_key_of(&created).call("sts", "2011-06-15", "GetCallerIdentity", &[]).await;
    assert_eq!(who.text("Arn"), "arn:aws:iam::000000000000:user/ana");
}

#[tokio::test]
async fn a_user_has_two_keys_at_most_and_deletes_only_its_own() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    platform.user("ana").await;
    platform.user("bob").await;
    let ana = [("UserName", "ana")];
    let second = owner.ok("CreateAccessKey", &ana).await.text("AccessKeyId");
    let (status, code, message) = owner.refused("CreateAccessKey", &ana).await;
    assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
    assert_eq!(message, "Cannot exceed quota for AccessKeysPerUser: 2");
    let of_bob = [("UserName", "bob"), ("AccessKeyId", second.as_str())];
    let (status, code, message) = owner.refused("DeleteAccessKey", &of_bob).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, format!("The Access Key with id {second} cannot be found."));
    owner.ok("DeleteAccessKey", &[ana[0], ("AccessKeyId", &second)]).await;
    owner.ok("CreateAccessKey", &ana).await;
}

#[tokio::test]
async fn without_a_name_the_callers_own_keys_are_meant() {
    let platform = Platform::start().await;
    let ana = platform.user_with("ana", &allow("iam:*AccessKey*")).await;
    assert_eq!(ana.ok("ListAccessKeys", &[]).await.texts("AccessKeyId"), [ana.access_key_id.as_str()]);
    assert_eq!(ana.ok("CreateAccessKey", &[]).await.text("UserName"), "ana");
    assert_eq!(platform.owner.ok("ListAccessKeys", &[]).await.texts("AccessKeyId"), [ROOT_KEY]);
    let (status, code, _) = platform.owner.refused("CreateAccessKey", &[]).await;
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    let delete = [("AccessKeyId", ROOT_KEY)];
    assert_eq!(platform.owner.refused("DeleteAccessKey", &delete).await.1, "ValidationError");
}

#[tokio::test]
async fn secrets_are_in_no_file_and_in_no_audit_record() {
    let platform = Platform::start().await;
    platform.owner.ok("CreateUser", &[("UserName", "ana")]).await;
    let created = platform.owner.ok("CreateAccessKey", &[("UserName", "ana")]).await;
    let secret = created.text("SecretAccessKey");
    let records: Vec<(u64, serde_json::Value)> = platform.store.read_log("audit", 0, 100).await.unwrap();
    assert!(records.iter().any(|(_, record)| record["event_name"] == "CreateAccessKey"));
    assert!(records.iter().all(|(_, record)| !record.to_string().contains(&secret)));
    let mut stored = Vec::new();
    for file in std::fs::read_dir(platform.dir.path()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            stored.extend(std::fs::read(file.path()).unwrap());
        }
    }
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&created.text("AccessKeyId")), "keys stand in clear");
    assert!(!holds(&secret));
}
