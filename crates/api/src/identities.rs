//! The cache between the directory of access keys and the pipeline.
//!
//! Invariant: what was revoked is not served again. [`Identities::forget`] runs, through the store's change feed, before
//! the revoking call is answered, and a look-up that began before it can't put its older answer back. A request whose
//! body took its time is looked up again when something was forgotten meanwhile.

use crate::refusals::PerMinute;
use auth::sigv4::SigningKey;
use auth::{Credential, Directory, DirectoryError};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Access keys that are kept; beyond it the cache starts afresh.
const KEYS: usize = 10_000;
/// Signing keys that are kept per access key: one per day, region and service.
const SIGNING_KEYS: usize = 16;
/// Source: AccessKeyId has "maximum length of 128" and the pattern `[\w]+` (IAM API reference).
const KEY_ID_BYTES: usize = 128;

/// An access key as the directory knows it, with the signing keys that were derived from it.
pub(crate) struct Known {
    pub(crate) credential: Credential,
    /// Refused signatures that name this key.
    pub(crate) refusals: PerMinute,
    signing_keys: RwLock<Vec<(Scope, Arc<SigningKey>)>>,
}

#[derive(PartialEq, Eq)]
struct Scope {
    date: String,
    region: String,
    service: &'static str,
}

impl Known {
    fn new(credential: Credential) -> Self {
        Self { credential, refusals: PerMinute::default(), signing_keys: RwLock::default() }
    }

    /// The signing key of a scope that was checked, derived once. No lock is held while a key is derived: two requests
    /// may both derive the first one.
    pub(crate) fn signing_key(&self, date: &str, region: &str, service: &'static str) -> Arc<SigningKey> {
        let is_wanted =
            |scope: &Scope| scope.date == date && scope.region == region && scope.service == service;
        let keys = self.signing_keys.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = keys.iter().find(|(scope, _)| is_wanted(scope)) {
            return Arc::clone(key);
        }
        drop(keys);
        let key = Arc::new(SigningKey::derive(&self.credential.secret, date, region, service));
        let scope = Scope { date: date.to_owned(), region: region.to_owned(), service };
        let mut keys = self.signing_keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() == SIGNING_KEYS {
            keys.clear();
        }
        keys.push((scope, Arc::clone(&key)));
        key
    }
}

/// An access key, and the state of the cache that it was found in.
pub(crate) struct Found {
    pub(crate) known: Arc<Known>,
    generation: u64,
}

/// Looks access keys up, and remembers them until something about identities changes.
pub struct Identities {
    directory: Arc<dyn Directory>,
    known: RwLock<HashMap<String, Arc<Known>>>,
    generation: AtomicU64,
}

impl Identities {
    /// A cache over `directory`.
    pub fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory, known: RwLock::default(), generation: AtomicU64::new(0) }
    }

    /// Drops everything remembered. Called by the change feed for each change of users, roles, keys and policies.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Drops one access key: that of a session that ended.
    pub fn forget_key(&self, access_key_id: &str) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(access_key_id);
    }

    /// The access key, if it exists and may be used.
    pub(crate) async fn find(&self, access_key_id: &str) -> Result<Option<Found>, DirectoryError> {
        let generation = self.generation.load(Ordering::SeqCst);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned();
        if let Some(known) = known {
            return Ok(Some(Found { known, generation }));
        }
        if !is_key_id(access_key_id) {
            return Ok(None);
        }
        let credential = self.directory.credential(access_key_id).await?;
        let Some(credential) = credential.filter(|credential| credential.active) else { return Ok(None) };
        let known = Arc::new(Known::new(credential));
        self.remember(access_key_id, &known, generation);
        Ok(Some(Found { known, generation }))
    }

    /// Whether nothing was forgotten since this was found.
    pub(crate) fn is_current(&self, found: &Found) -> bool {
        self.generation.load(Ordering::SeqCst) == found.generation
    }

    fn remember(&self, access_key_id: &str, fresh: &Arc<Known>, generation: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if known.len() == KEYS {
            known.clear();
        }
        known.insert(access_key_id.to_owned(), Arc::clone(fresh));
    }
}

/// Whether a text could name an access key at all: nothing else is worth a look at the store.
fn is_key_id(text: &str) -> bool {
    (1..=KEY_ID_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth::policy::TrustPolicy;
    use auth::{Identity, SecretString};
    use std::sync::atomic::AtomicUsize;
    use tokio::sync::Notify;
    use types::{AccountId, BoxFuture};

    /// Knows every key; each answer waits until it is let through.
    #[derive(Default)]
    struct Slow {
        asked: AtomicUsize,
        may_answer: Notify,
    }

    impl Directory for Slow {
        fn credential<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Credential>, DirectoryError>> {
            Box::pin(async move {
                self.asked.fetch_add(1, Ordering::SeqCst);
                self.may_answer.notified().await;
                Ok(Some(Credential {
                    secret: SecretString::from("secret".to_owned()),
                    session_token: None,
                    expires: None,
                    active: true,
                    identity: Arc::new(Identity::root(AccountId::FIRST)),
                }))
            })
        }

        fn role_trust<'a>(
            &'a self,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Option<TrustPolicy>, DirectoryError>> {
            Box::pin(async { Ok(None) })
        }
    }

    #[tokio::test]
    async fn a_look_up_from_before_a_revocation_is_not_remembered() {
        let directory = Arc::new(Slow::default());
        let identities = Identities::new(directory.clone());
        let revoked_meanwhile = async {
            while directory.asked.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            identities.forget();
            directory.may_answer.notify_one();
        };
        let (found, ()) = tokio::join!(identities.find("AKIA1"), revoked_meanwhile);
        let found = found.unwrap().unwrap();
        assert!(!identities.is_current(&found), "who found it must look again");
        directory.may_answer.notify_one();
        let again = identities.find("AKIA1").await.unwrap().unwrap();
        assert!(identities.is_current(&again));
        identities.find("AKIA1").await.unwrap().unwrap();
        assert_eq!(directory.asked.load(Ordering::SeqCst), 2, "the second answer is remembered");
    }

    #[tokio::test]
    async fn a_key_that_is_forgotten_by_itself_is_looked_up_again_and_its_neighbours_are_not() {
        let directory = Arc::new(Slow::default());
        let identities = Identities::new(directory.clone());
        for key in ["ASIA1", "ASIA2"] {
            directory.may_answer.notify_one();
            identities.find(key).await.unwrap().unwrap();
        }
        let before = identities.find("ASIA1").await.unwrap().unwrap();
        identities.forget_key("ASIA1");
        assert!(!identities.is_current(&before), "a request whose body takes its time must look again");
        identities.find("ASIA2").await.unwrap().unwrap();
        assert_eq!(directory.asked.load(Ordering::SeqCst), 2);
        directory.may_answer.notify_one();
        identities.find("ASIA1").await.unwrap().unwrap();
        assert_eq!(directory.asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn the_cache_and_the_signing_keys_are_bounded() {
        let directory = Arc::new(Slow::default());
        let identities = Identities::new(directory.clone());
        for nth in 0..=KEYS {
            directory.may_answer.notify_one();
            identities.find(&format!("AKIA{nth}")).await.unwrap().unwrap();
        }
        assert_eq!(identities.known.read().unwrap().len(), 1);
        let known = Arc::clone(&identities.find(&format!("AKIA{KEYS}")).await.unwrap().unwrap().known);
        for day in 0..100 {
            known.signing_key(&format!("{day:08}"), "us-east-1", "lambda");
        }
        assert!(known.signing_keys.read().unwrap().len() <= SIGNING_KEYS);
    }
}
