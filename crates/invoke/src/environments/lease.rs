//! An environment in use for one invocation.
//!
//! Invariant: whatever becomes of the caller, the environment goes back to its pool or is destroyed, and the invocation
//! counts as running until it has ended.

use crate::admission::Admission;
use crate::environments::hosted::Hosted;
use crate::targets::target::Target;
use std::sync::Arc;
use tokio::runtime::Handle;
use worker::{Fate, Invocation, Outcome};

/// The use of one environment.
pub(crate) struct Lease {
    held: Option<Held>,
}

struct Held {
    hosted: Hosted,
    target: Arc<Target>,
    _admission: Admission,
}

impl Lease {
    pub(crate) fn new(hosted: Hosted, target: Arc<Target>, admission: Admission) -> Self {
        Self { held: Some(Held { hosted, target, _admission: admission }) }
    }

    /// Runs the invocation. When the caller goes away, the invocation goes on to its end without it.
    pub(crate) async fn invoke(mut self, invocation: Invocation) -> Option<Outcome> {
        let outcome = self.held.as_ref()?.hosted.environment().invoke(invocation).await;
        if let Some(held) = self.held.take()
            && outcome.fate == Fate::Reusable
        {
            held.give_back();
        }
        Some(outcome)
    }
}

impl Held {
    fn give_back(self) {
        self.target.pool.give_back(self.hosted);
    }
}

impl Drop for Lease {
    /// The caller went away in the middle: somebody has to wait for the end.
    fn drop(&mut self) {
        // Without a runtime the process is ending, and with it every environment.
        if let (Some(held), Ok(runtime)) = (self.held.take(), Handle::try_current()) {
            runtime.spawn(async move {
                let environment = held.hosted.environment();
                environment.settled().await;
                if environment.is_reusable() {
                    held.give_back();
                }
            });
        }
    }
}
