//! Turns at making environments, given to accounts rather than in the order in which they were asked for.
//!
//! The spawner makes one after the other, so what waits there waits for everything before it. Who may hand in is decided here:
//! one account has half of the turns at most, and a turn that is given back goes to the account that has fewest. Invariant: a
//! turn is free only when nobody who may have it waits.

mod turns;

use crate::sync::lock;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use turns::Turns;
use types::AccountId;

/// Environments that are made at the same time. The spawner makes one after the other anyway, and each that waits for it
/// takes a thread of those that the store's readers share.
const ALL: usize = 64;

/// The turns of one worker.
#[derive(Clone)]
pub(crate) struct Births {
    turns: Arc<Mutex<Turns<oneshot::Sender<Turn>>>>,
}

/// A turn, given back when it is dropped.
pub(crate) struct Turn {
    account: AccountId,
    /// None where it was given back already.
    births: Option<Births>,
}

impl Births {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Mutex::new(Turns::new(ALL))) }
    }

    /// Waits for a turn. Where the future is dropped, others have it.
    pub(crate) async fn turn(&self, account: AccountId) -> Turn {
        let (mine, given) = oneshot::channel();
        self.change(|turns| turns.ask(account, mine));
        match given.await {
            Ok(turn) => turn,
            // It is asked for under the lock that gives, and only given up when nobody waits for it any more.
            Err(_) => Turn { account, births: None },
        }
    }

    /// Changes something, and hands out what is free after it.
    fn change(&self, change: impl FnOnce(&mut Turns<oneshot::Sender<Turn>>)) {
        let mut turns = lock(&self.turns);
        change(&mut turns);
        while let Some((account, waiting)) = turns.next() {
            let turn = Turn { account, births: Some(self.clone()) };
            if let Err(mut turn) = waiting.send(turn) {
                // Who waited has gone. The lock is held here, so that the turn must not ask for it.
                turn.births = None;
                turns.give_back(account);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(births) = self.births.take() {
            births.change(|turns| turns.give_back(self.account));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other() -> AccountId {
        "123456789012".parse().unwrap()
    }

    #[tokio::test]
    async fn who_gave_up_takes_no_turn_and_nothing_is_lost() {
        let births = Births::new();
        let mut held = Vec::new();
        for _ in 0..ALL / 2 {
            held.push(births.turn(AccountId::FIRST).await);
        }
        let ask = || {
            tokio::spawn({
                let births = births.clone();
                async move { births.turn(AccountId::FIRST).await }
            })
        };
        let waiting: Vec<_> = (0..200).map(|_| ask()).collect();
        let last = ask();
        tokio::task::yield_now().await;
        // Half of all is not theirs.
        drop(births.turn(other()).await);
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        for waiting in waiting {
            waiting.abort();
            assert!(waiting.await.is_err());
        }
        held.pop();
        let last = last.await.unwrap();
        drop((held, last));
        assert!(lock(&births.turns).is_untouched());
    }
}
