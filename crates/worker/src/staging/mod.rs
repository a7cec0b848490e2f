//! Code trees, of functions and of layers: extracted once per package, shared by its environments, thrown away least
//! recently used first.
//!
//! Invariants: a tree under its final name is complete; a tree in use is never touched; the trees together stay within the
//! bound, and those that one account keeps in use leave room for another's largest package. A tree that several accounts use
//! (a layer that one shares with another) counts for each of them in full: nobody's share is used up by what others do with
//! a package of theirs, and nobody runs on a share that isn't theirs. The area is a tmpfs of the isolation's, so that nothing
//! of it outlives the platform.

mod share;
mod tree;

use crate::sync::lock;
use crate::{Code, CodeId, CodeSource, Isolation, StartError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use share::{Shares, Use};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinHandle;
use types::AccountId;

/// What a file or directory costs beside its contents: it takes whole pages.
const ENTRY_BYTES: u64 = 4096;

/// The staging area of one worker.
pub(crate) struct Staging {
    isolation: Arc<dyn Isolation>,
    source: Arc<dyn CodeSource>,
    limits: package::Limits,
    bound: u64,
    held: Arc<Mutex<Held>>,
    /// Room may have become free.
    freed: Notify,
    /// Makes temporary names unique.
    serial: AtomicU64,
}

#[derive(Default)]
struct Held {
    trees: HashMap<CodeId, Arc<Slot>>,
    /// Bytes of trees that are there, being made or being removed.
    used: u64,
    /// Bytes among them of trees that are being removed.
    leaving: u64,
    /// Extractions and removals going on: `used` will shrink.
    busy: usize,
    /// Counts uses, to tell what was used last.
    now: u64,
    /// What each account keeps in use.
    shares: Shares,
}

#[derive(Default)]
struct Slot {
    /// Bytes of the finished tree.
    bytes: OnceCell<u64>,
    /// Bytes that were claimed for it. Written by [`Shares`], under the lock.
    claimed: AtomicU64,
    /// How often each account uses it. Written by [`Shares`], under the lock.
    users: Mutex<HashMap<AccountId, usize>>,
    last_used: AtomicU64,
}

/// Everything that an environment has of its own, in place as long as this lives.
#[derive(Debug)]
pub(crate) struct Trees {
    /// What becomes /var/task.
    pub(crate) code: Tree,
    /// What is merged at /opt, in order.
    pub(crate) layers: Vec<Tree>,
}

/// A complete tree that stays in place as long as this lives.
pub(crate) struct Tree {
    id: CodeId,
    taken: Use,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("id", &self.id).field("bytes", &self.taken.slot().bytes.get()).finish()
    }
}

impl Staging {
    /// An empty area of at most `bound` bytes.
    pub(crate) fn new(isolation: Arc<dyn Isolation>, source: Arc<dyn CodeSource>, bound: u64) -> Self {
        Self {
            isolation,
            source,
            limits: package::Limits::default(),
            bound,
            held: Arc::default(),
            freed: Notify::new(),
            serial: AtomicU64::new(0),
        }
    }

    /// The trees of these packages, those that aren't there yet extracted now, side by side.
    pub(crate) async fn trees(
        self: &Arc<Self>,
        account: AccountId,
        code: &Code,
        layers: &[Code],
    ) -> Result<Trees, StartError> {
        let code = self.begin(account, code);
        let layers: Vec<Pending> = layers.iter().map(|layer| self.begin(account, layer)).collect();
        let mut trees = Trees { code: code.tree().await?, layers: Vec::with_capacity(layers.len()) };
        for layer in layers {
            trees.layers.push(layer.tree().await?);
        }
        Ok(trees)
    }

    /// The tree of this package, or the extraction that makes it. Those who want the same one wait for the same extraction,
    /// and nobody who goes away stops it.
    fn begin(self: &Arc<Self>, account: AccountId, code: &Code) -> Pending {
        let (taken, newly) = self.take(account, code.id);
        let (staging, code) = (Arc::clone(self), code.clone());
        if taken.slot().bytes.initialized() && (!newly || staging.is_within_share(account)) {
            return Pending::There(Tree { id: code.id, taken });
        }
        Pending::Coming(tokio::spawn(async move {
            let made =
                taken.slot().bytes.get_or_try_init(|| staging.lay_out(&code, &taken)).await.map(|_| ());
            if made.is_err() {
                staging.forget(code.id, taken.slot());
            }
            made?;
            staging.settle(account).await?;
            Ok(Tree { id: code.id, taken })
        }))
    }

    /// The tree's directory.
    ///
    /// # Errors
    /// Where it can't be opened.
    pub(crate) fn open(&self, tree: &Tree) -> Result<OwnedFd, StartError> {
        tree::open(self.isolation.staging(), &tree.id.to_string()).map_err(StartError::Staging)
    }

    /// One use more, and whether it is the account's only one of this tree.
    fn take(&self, account: AccountId, id: CodeId) -> (Use, bool) {
        let mut held = lock(&self.held);
        held.now += 1;
        let now = held.now;
        let slot = Arc::clone(held.trees.entry(id).or_default());
        slot.last_used.store(now, Ordering::Relaxed);
        let newly = held.shares.take(account, &slot);
        (Use::new(account, slot, &self.held), newly)
    }

    /// Waits while extractions may give room back, until what an account uses is within its share. Whoever finds a tree that
    /// others made or make has not asked for room.
    async fn settle(&self, account: AccountId) -> Result<(), StartError> {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.is_within_share(account) {
                return Ok(());
            }
            if lock(&self.held).busy == 0 {
                return Err(StartError::StagingFull { free: 0 });
            }
            freed.await;
        }
    }

    fn is_within_share(&self, account: AccountId) -> bool {
        lock(&self.held).shares.of(account) <= self.share()
    }

    /// Removes the entry of a tree that could not be made, unless somebody else is trying too.
    fn forget(&self, id: CodeId, slot: &Arc<Slot>) {
        let mut held = lock(&self.held);
        if Arc::strong_count(slot) <= 2 {
            held.trees.remove(&id);
        }
    }

    async fn lay_out(self: &Arc<Self>, code: &Code, taken: &Use) -> Result<u64, StartError> {
        let account = taken.account();
        let zip = self.source.code(account, code).await?;
        let granted = self.reserve(taken).await?;
        let (staging, id, slot) = (Arc::clone(self), code.id, Arc::clone(taken.slot()));
        let made = tokio::task::spawn_blocking(move || {
            staging.extract(id, &zip, granted).and_then(|bytes| staging.fit(id, account, &slot, bytes))
        });
        let made = made.await.unwrap_or(Err(StartError::TaskDied));
        let mut held = lock(&self.held);
        held.claim_for(taken.slot(), *made.as_ref().unwrap_or(&0));
        held.busy -= 1;
        drop(held);
        self.freed.notify_waiters();
        made
    }

    /// Claims what a tree takes beyond what was granted, which only many small files can make it do; removes the tree where
    /// that is not to be had.
    fn fit(&self, id: CodeId, account: AccountId, slot: &Slot, bytes: u64) -> Result<u64, StartError> {
        let mut held = lock(&self.held);
        let claimed = slot.claimed.load(Ordering::Relaxed);
        let free = self.bound.saturating_sub(held.used).min(self.allowance(&held, account));
        if bytes.saturating_sub(claimed) <= free {
            held.claim_for(slot, bytes.max(claimed));
            return Ok(bytes);
        }
        drop(held);
        tree::remove(self.isolation.staging(), &id.to_string()).map_err(StartError::Staging)?;
        Err(StartError::StagingFull { free })
    }

    /// What an account may still claim.
    fn allowance(&self, held: &Held, account: AccountId) -> u64 {
        self.share().saturating_sub(held.shares.of(account))
    }

    /// What an account may keep in use: where the area has room for several, the last largest package's room is not for
    /// those who fill the rest. Otherwise whoever keeps enough environments alive would keep everybody else's from starting.
    fn share(&self) -> u64 {
        let beside = self.bound.checked_sub(2 * self.limits.unzipped_bytes);
        beside.map_or(u64::MAX, |beside| beside + self.limits.unzipped_bytes)
    }

    fn extract(&self, id: CodeId, zip: &Bytes, granted: u64) -> Result<u64, StartError> {
        if package::sha256_base64(zip) != STANDARD.encode(id.as_bytes()) {
            return Err(StartError::WrongCode(id));
        }
        let limits =
            package::Limits { unzipped_bytes: granted.min(self.limits.unzipped_bytes), ..self.limits };
        let made = tree::extract(self.isolation.staging(), &self.temporary(), &id.to_string(), zip, &limits);
        match made {
            Ok(summary) => Ok(summary.unzipped_bytes + summary.entries * ENTRY_BYTES),
            Err(StartError::Package(_)) if limits.unzipped_bytes < self.limits.unzipped_bytes => {
                Err(StartError::StagingFull { free: granted })
            }
            Err(error) => Err(error),
        }
    }

    fn temporary(&self) -> String {
        format!("tmp-{}", self.serial.fetch_add(1, Ordering::Relaxed))
    }

    /// Room for one more tree: for the largest possible one when trees that are not in use can make way for it, otherwise
    /// what there is. Waits while other extractions may give room back.
    async fn reserve(self: &Arc<Self>, taken: &Use) -> Result<u64, StartError> {
        let want = self.limits.unzipped_bytes.min(self.bound);
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            match self.claim(want, taken)? {
                Claim::Granted(bytes) => return Ok(bytes),
                Claim::Remove(name) => self.remove(name),
                Claim::Wait => freed.await,
            }
        }
    }

    fn claim(&self, want: u64, taken: &Use) -> Result<Claim, StartError> {
        let mut held = lock(&self.held);
        let free = self.bound.saturating_sub(held.used);
        if free < want {
            if free + held.leaving < want
                && let Some((id, bytes)) = held.least_recently_used()
            {
                let name = self.temporary();
                tree::rename(self.isolation.staging(), &id.to_string(), &name)
                    .map_err(StartError::Staging)?;
                held.trees.remove(&id);
                held.busy += 1;
                held.leaving += bytes;
                return Ok(Claim::Remove(Removal { name, bytes }));
            }
            if held.busy > 0 {
                return Ok(Claim::Wait);
            }
            if free == 0 {
                return Err(StartError::StagingFull { free });
            }
        }
        let allowance = self.allowance(&held, taken.account());
        if allowance < want && held.busy > 0 {
            return Ok(Claim::Wait);
        }
        if allowance == 0 {
            return Err(StartError::StagingFull { free: 0 });
        }
        let granted = free.min(want).min(allowance);
        held.claim_for(taken.slot(), granted);
        held.busy += 1;
        Ok(Claim::Granted(granted))
    }

    fn remove(self: &Arc<Self>, removal: Removal) {
        let staging = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = tree::remove(staging.isolation.staging(), &removal.name) {
                tracing::error!(%error, "a code tree could not be removed from the staging area");
            }
            let mut held = lock(&staging.held);
            held.used -= removal.bytes;
            held.leaving -= removal.bytes;
            held.busy -= 1;
            drop(held);
            staging.freed.notify_waiters();
        });
    }
}

enum Pending {
    There(Tree),
    Coming(JoinHandle<Result<Tree, StartError>>),
}

impl Pending {
    async fn tree(self) -> Result<Tree, StartError> {
        match self {
            Self::There(tree) => Ok(tree),
            Self::Coming(task) => task.await.unwrap_or(Err(StartError::TaskDied)),
        }
    }
}

enum Claim {
    Granted(u64),
    Remove(Removal),
    Wait,
}

struct Removal {
    name: String,
    bytes: u64,
}

impl Held {
    /// A tree takes this much from now on.
    fn claim_for(&mut self, slot: &Slot, bytes: u64) {
        let before = self.shares.claim(slot, bytes);
        self.used = self.used - before + bytes;
    }

    fn least_recently_used(&self) -> Option<(CodeId, u64)> {
        let unused = self.trees.iter().filter(|(_, slot)| Arc::strong_count(slot) == 1);
        let finished = unused.filter_map(|(id, slot)| slot.bytes.get().map(|bytes| (slot, *id, *bytes)));
        finished
            .min_by_key(|(slot, ..)| slot.last_used.load(Ordering::Relaxed))
            .map(|(_, id, bytes)| (id, bytes))
    }
}

#[cfg(test)]
mod tests;
