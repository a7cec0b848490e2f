//! The policies of functions, layer versions and queues, as the pipeline asks them: read from the store once, and dropped when
//! the change feed says that they changed. That there is none is remembered too.
//!
//! Which policy speaks is told by the ARN that was asked on: that of the function itself for an ARN without a qualifier,
//! that of the version or alias for one with. `$LATEST` has no policy of its own, the function's is asked; its statements
//! name the ARN without a qualifier. (Source: "Using Lambda aliases in event sources and permissions policies" and
//! AddPermission in the API reference: "the invoker must use the full Amazon Resource Name (ARN) of that version or alias".)
//!
//! Invariant: what was revoked is not served again. The change feed runs before the revoking call is answered, and a look-up
//! that began before it can't put its older answer back. What can't be read might have been a deny: it is an error.

use auth::policy::{PolicyError, ResourcePolicy, parse_resource_policy};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use store::records::{FunctionPolicyRecord, LayerPolicyRecord, QueuePolicyRecord};
use store::{Key, Record, Store, StoreError};
use types::{AccountId, Arn, FunctionName, LayerName, Qualifier, QueueRef, Region, Version};

/// More shards than there are processors, so that they seldom meet.
const SHARDS: usize = 64;
/// What one shard keeps, counted in bytes of ARNs and documents; beyond it the shard starts afresh.
const SHARD_BYTES: usize = 1 << 20;
/// What an entry costs besides its texts.
const ENTRY_BYTES: usize = 128;

/// Why the policy of a resource can't be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the stored policy of {arn} is not understood: {source}")]
    Policy { arn: String, source: PolicyError },
}

/// A resource's policy, if it has one.
type Entry = Option<Arc<ResourcePolicy>>;

/// Looks policies of resources up, and remembers them until they change.
pub struct ResourcePolicies {
    store: Arc<Store>,
    region: Region,
    cache: Arc<Cache>,
}

impl ResourcePolicies {
    /// A cache over the store, kept right by its change feed, of resources in this region.
    pub fn new(store: Arc<Store>, region: Region) -> Self {
        let cache = Arc::new(Cache::default());
        for table in [FunctionPolicyRecord::TABLE, LayerPolicyRecord::TABLE, QueuePolicyRecord::TABLE] {
            let (forgetting, region) = (Arc::clone(&cache), region.clone());
            store.subscribe(table, move |change| {
                for arn in arns_at(table, &change.key, &region) {
                    forgetting.forget(&arn);
                }
            });
        }
        Self { store, region, cache }
    }

    /// The policy that speaks for a resource. What is none of these of this region has none.
    pub(crate) async fn find(&self, resource: &str) -> Result<Entry, Unread> {
        if !["arn:aws:lambda:", "arn:aws:sqs:"].iter().any(|ours| resource.starts_with(ours)) {
            return Ok(None);
        }
        if let Some(known) = self.cache.known(resource) {
            return Ok(known);
        }
        let Some(place) = Place::of(resource, &self.region) else { return Ok(None) };
        let generation = self.cache.generation.load(Ordering::SeqCst);
        let document = place.document(&self.store).await?;
        let bytes = resource.len() + document.as_ref().map_or(0, String::len);
        let policy = document.map(|text| parse_resource_policy(&text)).transpose();
        let policy = policy.map_err(|source| Unread::Policy { arn: resource.to_owned(), source })?;
        let entry = policy.map(Arc::new);
        self.cache.remember(resource, &entry, bytes, generation);
        Ok(entry)
    }
}

/// Where a resource's policy stands.
enum Place {
    Function(Key),
    Layer(Key),
    Queue(Key),
}

impl Place {
    fn of(resource: &str, region: &Region) -> Option<Self> {
        let arn: Arn = resource.parse().ok().filter(|arn: &Arn| arn.region == region.as_str())?;
        if arn.service == "sqs" {
            let queue = QueueRef::of_arn(resource, region)?;
            return QueuePolicyRecord::place(&queue).ok().map(Self::Queue);
        }
        let account = arn.account_id()?;
        let mut parts = arn.resource.split(':');
        let place = match (parts.next()?, parts.next()?, parts.next()) {
            ("function", name, qualifier) => Self::Function(function(account, name, qualifier)?),
            ("layer", name, Some(number)) => Self::Layer(layer(account, name, number)?),
            _ => return None,
        };
        parts.next().is_none().then_some(place)
    }

    async fn document(&self, store: &Store) -> Result<Option<String>, StoreError> {
        Ok(match self {
            Self::Function(key) => {
                store.get::<FunctionPolicyRecord>(key).await?.map(|found| found.value.0.document())
            }
            Self::Layer(key) => {
                store.get::<LayerPolicyRecord>(key).await?.map(|found| found.value.0.document())
            }
            Self::Queue(key) => store.get::<QueuePolicyRecord>(key).await?.map(|found| found.value.document),
        })
    }
}

fn function(account: AccountId, name: &str, qualifier: Option<&str>) -> Option<Key> {
    let name: FunctionName = name.parse().ok()?;
    let qualifier = match qualifier.map(str::parse).transpose().ok()? {
        None | Some(Qualifier::Version(Version::Latest)) => None,
        Some(qualifier) => Some(qualifier.to_string()),
    };
    FunctionPolicyRecord::place(account, &name, qualifier.as_deref()).ok()
}

fn layer(account: AccountId, name: &str, number: &str) -> Option<Key> {
    let name: LayerName = name.parse().ok()?;
    match number.parse().ok()? {
        Version::Number(number) => LayerPolicyRecord::place(account, name.as_str(), number).ok(),
        Version::Latest => None,
    }
}

/// The ARNs that a stored policy speaks for.
fn arns_at(table: &str, key: &Key, region: &Region) -> Vec<String> {
    let segments: Vec<&str> = key.segments().collect();
    if let (QueuePolicyRecord::TABLE, [account, name]) = (table, &segments[..]) {
        return vec![format!("arn:aws:sqs:{region}:{account}:{name}")];
    }
    let [account, name, last] = segments[..] else { return Vec::new() };
    let arn = |kind: &str| format!("arn:aws:lambda:{region}:{account}:{kind}:{name}");
    match (table, last) {
        (LayerPolicyRecord::TABLE, number) => {
            vec![format!("{}:{}", arn("layer"), number.trim_start_matches('0'))]
        }
        (_, "") => vec![arn("function"), format!("{}:{}", arn("function"), Version::Latest)],
        (_, qualifier) => vec![format!("{}:{qualifier}", arn("function"))],
    }
}

struct Cache {
    shards: [RwLock<Shard>; SHARDS],
    generation: AtomicU64,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Box<str>, Entry>,
    bytes: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()), generation: AtomicU64::new(0) }
    }
}

impl Cache {
    fn known(&self, resource: &str) -> Option<Entry> {
        let shard = self.shard(resource).read().unwrap_or_else(PoisonError::into_inner);
        shard.entries.get(resource).cloned()
    }

    /// Bytes stay counted until the shard starts afresh: forgetting makes no room.
    fn forget(&self, resource: &str) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.shard(resource).write().unwrap_or_else(PoisonError::into_inner).entries.remove(resource);
    }

    fn remember(&self, resource: &str, entry: &Entry, bytes: usize, generation: u64) {
        let mut shard = self.shard(resource).write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if shard.bytes + bytes + ENTRY_BYTES > SHARD_BYTES {
            *shard = Shard::default();
        }
        shard.bytes += bytes + ENTRY_BYTES;
        shard.entries.insert(resource.into(), entry.clone());
    }

    /// FNV-1a. Names are chosen by customers, but a crowded shard only makes neighbours wait for a moment.
    fn shard(&self, resource: &str) -> &RwLock<Shard> {
        let hash = resource.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        &self.shards[(hash % SHARDS as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
    const LAYER: &str = "arn:aws:lambda:us-east-1:000000000000:layer:tools";

    fn key(place: &Place) -> (&'static str, &Key) {
        match place {
            Place::Function(key) => (FunctionPolicyRecord::TABLE, key),
            Place::Layer(key) => (LayerPolicyRecord::TABLE, key),
            Place::Queue(key) => (QueuePolicyRecord::TABLE, key),
        }
    }

    #[test]
    fn a_changed_policy_is_forgotten_under_every_arn_that_it_speaks_for() {
        let region = Region::default();
        for arn in [
            FUNCTION.to_owned(),
            format!("{FUNCTION}:$LATEST"),
            format!("{FUNCTION}:7"),
            format!("{FUNCTION}:live"),
            format!("{LAYER}:1"),
            format!("{LAYER}:10200"),
            "arn:aws:sqs:us-east-1:000000000000:jobs.fifo".to_owned(),
        ] {
            let place = Place::of(&arn, &region).unwrap();
            let (table, key) = key(&place);
            assert!(arns_at(table, key, &region).contains(&arn), "{arn}: {key}");
        }
    }

    #[test]
    fn what_is_no_function_and_no_layer_version_has_no_place() {
        let region = Region::default();
        for arn in [
            "arn:aws:lambda:eu-west-1:000000000000:function:echo".to_owned(),
            format!("{FUNCTION}:7:8"),
            format!("{FUNCTION}:"),
            format!("{FUNCTION}:a b"),
            format!("{FUNCTION}:07"),
            "arn:aws:lambda:us-east-1:000000000000:function:".to_owned(),
            "arn:aws:lambda:us-east-1::function:echo".to_owned(),
            LAYER.to_owned(),
            format!("{LAYER}:$LATEST"),
            format!("{LAYER}:1:2"),
            format!("{LAYER}{}:1", "x".repeat(140)),
            "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:x".to_owned(),
            "arn:aws:sqs:us-east-1:000000000000:a:b".to_owned(),
            "arn:aws:sqs:eu-west-1:000000000000:jobs".to_owned(),
        ] {
            assert!(Place::of(&arn, &region).is_none(), "{arn}");
        }
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_nothing_from_before_a_change() {
        let cache = Cache::default();
        for nth in 0..20_000 {
            cache.remember(&format!("{FUNCTION}{nth}"), &None, 1 << 15, 0);
        }
        let most = SHARD_BYTES / (1 << 15);
        assert!(cache.shards.iter().all(|shard| shard.read().unwrap().entries.len() <= most));
        cache.remember(FUNCTION, &None, 0, 0);
        assert!(cache.known(FUNCTION).is_some());
        cache.forget(FUNCTION);
        assert!(cache.known(FUNCTION).is_none());
        cache.remember(FUNCTION, &None, 0, 0);
        assert!(cache.known(FUNCTION).is_none(), "its look-up began before the change");
        cache.remember(FUNCTION, &None, 0, 1);
        assert!(cache.known(FUNCTION).is_some());
    }
}
