//! Idle environments of one version as one revision of it says; the one that was used last is used next.
//!
//! Invariant: an environment serves only the revision of code and configuration that it was made from: the pool belongs to
//! that revision, and takes nothing any more when the version has changed.

use crate::environments::hosted::Hosted;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What is at hand. Bounded by the worker's limit of environments.
#[derive(Default)]
pub(crate) struct Pool(Mutex<State>);

#[derive(Default)]
struct State {
    /// The one that was used last stands at the end.
    idle: Vec<Idle>,
    /// Whether the version has changed or is gone.
    retired: bool,
}

struct Idle {
    hosted: Hosted,
    since: Instant,
}

impl Pool {
    /// An idle environment that is younger than `age`. Those that are older, and dead ones, are dropped on the way.
    pub(crate) fn take(&self, age: Duration) -> Option<Hosted> {
        let mut unfit = Vec::new();
        let mut state = self.lock();
        while let Some(last) = state.idle.pop() {
            if last.hosted.is_fit(age) {
                return Some(last.hosted);
            }
            unfit.push(last);
        }
        drop(state);
        None
    }

    /// Puts an environment back after a clean end; it ends where the version has changed.
    pub(crate) fn give_back(&self, hosted: Hosted) {
        let mut state = self.lock();
        if !state.retired {
            state.idle.push(Idle { hosted, since: Instant::now() });
        }
    }

    /// Ends what is idle, and takes nothing back any more.
    pub(crate) fn retire(&self) {
        let mut state = self.lock();
        state.retired = true;
        let ended = std::mem::take(&mut state.idle);
        drop(state);
        drop(ended);
    }

    /// Ends what was idle for `longest`, or is older than `age`.
    pub(crate) fn reap(&self, longest: Duration, age: Duration, now: Instant) {
        let mut ended = Vec::new();
        let mut state = self.lock();
        let idle = std::mem::take(&mut state.idle);
        for one in idle {
            let rested = now.saturating_duration_since(one.since) >= longest;
            if rested || !one.hosted.is_fit(age) { ended.push(one) } else { state.idle.push(one) }
        }
        drop(state);
        drop(ended);
    }

    /// Whether nothing is idle.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().idle.is_empty()
    }

    /// Since when something has been idle.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.lock().idle.first().map(|idle| idle.since)
    }

    /// What was idle for the longest time.
    pub(crate) fn take_oldest(&self) -> Option<Hosted> {
        let mut state = self.lock();
        if state.idle.is_empty() { None } else { Some(state.idle.remove(0).hosted) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
