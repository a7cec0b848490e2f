//! The access key of an account's owner.

use crate::platform::{Platform, ROOT_KEY, ROOT_SECRET};
use auth::{Directory, ExposeSecret};
use services::iam::IamError;
use types::AccountId;

#[tokio::test]
async fn setting_the_same_key_again_writes_nothing() {
    let platform = Platform::start().await;
    let revision = async || {
        let mut transaction = store::Transaction::new();
        transaction.append("probe", &1);
        platform.store.commit(transaction).await.unwrap().revision.0
    };
    let before = revision().await;
    platform.iam.ensure_root_access_key(AccountId::FIRST, ROOT_KEY, ROOT_SECRET.into()).await.unwrap();
    assert_eq!(revision().await, before + 1);
}

#[tokio::test]
async fn another_key_replaces_the_former_one() {
    let platform = Platform::start().await;
    let (id, secret) = ("AKIAOTHEROTHEROTHER1", "another secret".replace(' ', "-") + "-long-enough");
    platform.iam.ensure_root_access_key(AccountId::FIRST, id, secret.as_str().into()).await.unwrap();
    assert!(platform.iam.credential(ROOT_KEY).await.unwrap().is_none());
    platform.owner.with_key(id, &secret).ok("ListUsers", &[]).await;
    assert_eq!(platform.owner.refused("ListUsers", &[]).await.1, "InvalidClientTokenId");
}

#[tokio::test]
async fn another_secret_replaces_the_former_one() {
    let platform = Platform::start().await;
    let secret = "x".repeat(40);
    platform.iam.ensure_root_access_key(AccountId::FIRST, ROOT_KEY, secret.as_str().into()).await.unwrap();
    let now = platform.iam.credential(ROOT_KEY).await.unwrap().unwrap();
    assert_eq!(now.secret.expose_secret(), secret);
    assert_eq!(platform.owner.refused("ListUsers", &[]).await.1, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_users_key_can_not_become_the_owners() {
    let platform = Platform::start().await;
    let ana = platform.user("ana").await;
    let set = platform.iam.ensure_root_access_key(AccountId::FIRST, &ana.access_key_id, ROOT_SECRET.into());
    assert!(matches!(set.await, Err(IamError::Taken(_))));
    let other: AccountId = "123456789012".parse().unwrap();
    let set = platform.iam.ensure_root_access_key(other, ROOT_KEY, ROOT_SECRET.into());
    assert!(matches!(set.await, Err(IamError::Taken(_))));
}

#[tokio::test]
async fn keys_of_the_wrong_form_are_refused() {
    let platform = Platform::start().await;
    for id in ["", "short", "AKIA ROOT ROOT ROOT ROOT", "AKIA\u{1f}ROOTROOTROOTROOT"] {
        let set = platform.iam.ensure_root_access_key(AccountId::FIRST, id, ROOT_SECRET.into());
        assert!(matches!(set.await, Err(IamError::Id)), "{id:?}");
    }
    for secret in ["", "short", "with spaces in between the words of it"] {
        let set = platform.iam.ensure_root_access_key(AccountId::FIRST, ROOT_KEY, secret.into());
        assert!(matches!(set.await, Err(IamError::Secret)), "{secret:?}");
    }
}
