//! Cold starts of several accounts, where environments are made one after the other.

use super::ordinary::echo;
use crate::simulation::Simulation;
use crate::story::Story;
use crate::sync::lock;
use crate::{CellSpec, EnvironmentSpec, Isolation, IsolationError, Options, Started};
use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use types::AccountId;

/// Makes one after the other, in the order in which they were handed in, as the spawner does.
struct OneByOne {
    simulation: Arc<Simulation>,
    line: Mutex<(u64, VecDeque<u64>)>,
    moved: Condvar,
}

impl Isolation for OneByOne {
    fn staging(&self) -> BorrowedFd<'_> {
        self.simulation.staging()
    }

    fn create(&self, spec: &CellSpec) -> Result<Started, IsolationError> {
        let mut line = lock(&self.line);
        let mine = line.0;
        line.0 += 1;
        line.1.push_back(mine);
        while line.1.front() != Some(&mine) {
            line = self.moved.wait(line).unwrap();
        }
        drop(line);
        std::thread::sleep(Duration::from_millis(2));
        let made = self.simulation.create(spec);
        lock(&self.line).1.pop_front();
        self.moved.notify_all();
        made
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cold_start_is_not_behind_two_hundred_of_another_account() {
    const CROWD: usize = 200;
    let over = |simulation| -> Arc<dyn Isolation> {
        Arc::new(OneByOne { simulation, line: Mutex::default(), moved: Condvar::new() })
    };
    let story = Arc::new(Story::over(Options::default(), echo, over));
    let start = |account: AccountId| {
        let story = Arc::clone(&story);
        tokio::spawn(async move {
            let spec = EnvironmentSpec { account, ..story.spec() };
            story.worker.start(spec).await.unwrap()
        })
    };
    let other: AccountId = "123456789012".parse().unwrap();
    let crowd: Vec<_> = (0..CROWD).map(|_| start(AccountId::FIRST)).collect();
    // All of them have asked once some are made: handing in takes much less than making.
    while story.simulation.started() < 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let environment = start(other).await.unwrap();
    let specs = story.simulation.specs();
    let place = specs.iter().position(|spec| spec.account == other).unwrap();
    assert!(place < CROWD / 2, "it was number {place} of {CROWD}");
    drop(environment);
    for one in crowd {
        drop(one.await.unwrap());
    }
    Arc::into_inner(story).unwrap().end().await;
}
