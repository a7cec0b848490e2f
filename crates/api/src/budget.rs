//! What the bodies of all requests, and the packages of all downloads, may hold in memory together, and of that one account.
//!
//! Invariant: room is taken as bytes arrive, never for what a client only announces: a client that stalls holds what it
//! sent and no more. One account's requests, functions' own ones included, leave others half of the room. Requests that
//! wait for each other give up after a while, so that they can't block each other for good.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use types::limits::CODE_REQUEST_BYTES;
use types::{AccountId, PerAccount};

/// How long a request waits for room.
const WAIT: Duration = Duration::from_secs(10);

/// Room for bytes, in KiB.
pub(crate) struct Budget {
    all: Arc<Semaphore>,
    accounts: PerAccount<Semaphore>,
}

/// The room that one account's requests have. Nothing is looked up until some of it is wanted: small requests, which want
/// none, take no lock here.
#[derive(Clone, Copy)]
pub(crate) struct Purse<'b> {
    budget: &'b Budget,
    account: AccountId,
}

/// A part of the room, given back when dropped.
#[derive(Default)]
pub(crate) struct Share(Option<[OwnedSemaphorePermit; 2]>);

impl Budget {
    /// At least the largest request fits, whatever was configured.
    pub(crate) fn new(bytes: usize) -> Self {
        let kib = |bytes: usize| bytes.max(CODE_REQUEST_BYTES).div_ceil(1024);
        let per_account = kib(bytes / 2);
        let accounts = PerAccount::new(move || Semaphore::new(per_account));
        Self { all: Arc::new(Semaphore::new(kib(bytes))), accounts }
    }

    /// For a request of this account.
    pub(crate) fn of(&self, account: AccountId) -> Purse<'_> {
        Purse { budget: self, account }
    }
}

impl Purse<'_> {
    /// More room for `share`; `None` when there is none for too long.
    pub(crate) async fn extend(&self, share: &mut Share, bytes: usize) -> Option<()> {
        let kib = u32::try_from(bytes.div_ceil(1024)).ok()?;
        let both = async {
            let own = self.budget.accounts.of(self.account).acquire_many_owned(kib).await.ok()?;
            let all = Arc::clone(&self.budget.all).acquire_many_owned(kib).await.ok()?;
            Some([own, all])
        };
        let [own, all] = timeout(WAIT, both).await.ok()??;
        match &mut share.0 {
            Some(held) => {
                held[0].merge(own);
                held[1].merge(all);
            }
            none => *none = Some([own, all]),
        }
        Some(())
    }
}

impl Share {
    /// Gives back all but the room for `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        for held in self.0.iter_mut().flatten() {
            let surplus = held.num_permits().saturating_sub(bytes.div_ceil(1024));
            drop(held.split(surplus));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_gives_up() {
        let budget = Budget::new(0);
        let budget = budget.of(AccountId::FIRST);
        let mut first = Share::default();
        budget.extend(&mut first, CODE_REQUEST_BYTES).await.unwrap();
        let mut second = Share::default();
        assert!(budget.extend(&mut second, 1).await.is_none());
        first.shrink(CODE_REQUEST_BYTES - 2048);
        assert!(budget.extend(&mut second, 1024).await.is_some());
        drop(first);
        assert!(budget.extend(&mut second, CODE_REQUEST_BYTES - 4096).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_leaves_others_half() {
        let budget = Budget::new(4 * CODE_REQUEST_BYTES + 8192);
        let own = budget.of(AccountId::FIRST);
        assert!(budget.accounts.is_empty(), "who wants no room is not looked up");
        let (mut first, mut second, mut third) = (Share::default(), Share::default(), Share::default());
        own.extend(&mut first, CODE_REQUEST_BYTES).await.unwrap();
        own.extend(&mut second, CODE_REQUEST_BYTES).await.unwrap();
        assert!(budget.of(AccountId::FIRST).extend(&mut third, 8192).await.is_none());
        let other = budget.of("123456789012".parse().unwrap());
        other.extend(&mut third, 2 * CODE_REQUEST_BYTES).await.unwrap();
        drop((first, second));
        assert!(
            budget.of(AccountId::FIRST).extend(&mut Share::default(), CODE_REQUEST_BYTES).await.is_some()
        );
        drop(third);
        assert!(budget.accounts.is_empty());
    }
}
