//! The cache between the directory of access keys and the pipeline.
//!
//! Invariant: what was revoked is not served again. [`Identities::forget`] runs, through the store's change feed, before
//! the revoking call is answered, and a look-up that began before it can't put its older answer back.

use auth::sigv4::SigningKey;
use auth::{Credential, Directory, DirectoryError};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Access keys that are kept; beyond it the cache starts afresh.
const KEYS: usize = 10_000;
/// Signing keys that are kept per access key: one per day, region and service.
const SIGNING_KEYS: usize = 16;

/// An access key as the directory knows it, with the signing keys that were derived from it.
pub(crate) struct Known {
    pub(crate) credential: Credential,
    signing_keys: Mutex<Vec<(Scope, Arc<SigningKey>)>>,
}

#[derive(PartialEq, Eq)]
struct Scope {
    date: String,
    region: String,
    service: String,
}

impl Known {
    /// The signing key of a scope, derived once.
    pub(crate) fn signing_key(&self, date: &str, region: &str, service: &str) -> Arc<SigningKey> {
        let mut keys = self.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let known = keys.iter().find(|(s, _)| s.date == date && s.region == region && s.service == service);
        if let Some((_, key)) = known {
            return Arc::clone(key);
        }
        if keys.len() == SIGNING_KEYS {
            keys.clear();
        }
        let key = Arc::new(SigningKey::derive(&self.credential.secret, date, region, service));
        let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
        keys.push((scope, Arc::clone(&key)));
        key
    }
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

    /// The access key, if it exists.
    pub(crate) async fn find(&self, access_key_id: &str) -> Result<Option<Arc<Known>>, DirectoryError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let Some(credential) = self.directory.credential(access_key_id).await? else { return Ok(None) };
        let fresh = Arc::new(Known { credential, signing_keys: Mutex::default() });
        self.remember(access_key_id, &fresh, generation);
        Ok(Some(fresh))
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
