//! Who may call: a directory that tests fill by hand.

use auth::policy::{Policy, TrustPolicy, parse_identity_policy};
use auth::{Credential, Directory, DirectoryError, Identity, Principal, SecretString};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use types::{AccountId, BoxFuture};

pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const NEIGHBOUR: &str = "123456789012";

/// An access key with its secret.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) token: Option<SecretString>,
}

impl Key {
    pub(crate) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), secret: SecretString::from(format!("secret-of-{id}")), token: None }
    }
}

/// Access keys and how often they were looked up.
#[derive(Default)]
pub(crate) struct People {
    keys: RwLock<HashMap<String, Credential>>,
    pub(crate) lookups: AtomicUsize,
}

impl People {
    pub(crate) fn set(&self, key: &Key, change: impl FnOnce(&mut Credential), identity: Identity) {
        let mut credential = Credential {
            secret: key.secret.clone(),
            session_token: key.token.clone(),
            expires: None,
            active: true,
            identity: Arc::new(identity),
        };
        change(&mut credential);
        self.keys.write().unwrap().insert(key.id.clone(), credential);
    }

    pub(crate) fn remove(&self, key: &Key) {
        self.keys.write().unwrap().remove(&key.id);
    }

    pub(crate) fn root(&self, account: &str) -> Key {
        let key = Key::new(&format!("AKIAROOT{account}"));
        self.set(&key, |_| {}, Identity::root(account.parse().unwrap()));
        key
    }

    /// A user of the first account with these policies.
    pub(crate) fn user(&self, name: &str, policies: &[String]) -> Key {
        let key = Key::new(&format!("AKIAUSER{name}"));
        self.set(&key, |_| {}, user(name, policies));
        key
    }
}

pub(crate) fn user(name: &str, policies: &[String]) -> Identity {
    let principal = Principal::User {
        account: AccountId::FIRST,
        path: "/".to_owned(),
        name: name.to_owned(),
        id: format!("AIDA{name}"),
    };
    let policies: Vec<Policy> = policies.iter().map(|text| parse_identity_policy(text).unwrap()).collect();
    Identity { principal, policies: policies.into() }
}

pub(crate) fn statement(effect: &str, action: &str, resource: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": effect, "Action": action, "Resource": resource },
    })
    .to_string()
}

pub(crate) fn allow(action: &str, resource: &str) -> String {
    statement("Allow", action, resource)
}

impl Directory for People {
    fn credential<'a>(
        &'a self,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, DirectoryError>> {
        Box::pin(async move {
            self.lookups.fetch_add(1, Ordering::SeqCst);
            Ok(self.keys.read().unwrap().get(access_key_id).cloned())
        })
    }

    fn role_trust<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<TrustPolicy>, DirectoryError>> {
        Box::pin(async { Ok(None) })
    }
}
