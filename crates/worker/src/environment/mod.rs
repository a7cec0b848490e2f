//! One execution environment: of one account and one function version, one invocation at a time.
//!
//! [`state`] says what may happen when; [`desk`] is where callers, the runtime's connections and the driver meet; the
//! [`driver`] is the task that owns the environment from its start to its end.

pub(crate) mod desk;
mod driver;
mod exit;
mod incarnation;
pub(crate) mod state;
mod variables;
#[cfg(feature = "fuzzing")]
pub(crate) use verdict::End;
mod verdict;

pub(crate) use driver::Driver;
pub(crate) use incarnation::{Incarnation, Surroundings};
pub(crate) use variables::{offer_channel, variables};

use crate::logs::Capture;
use crate::{Answer, EnvironmentSpec, Fate, Invocation, Outcome, Timings};
use desk::Desk;
use state::State;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// A handle on an environment. When the last clone is dropped, the invocation in progress is carried to its end, then the
/// environment is destroyed.
#[derive(Clone)]
pub struct Environment {
    grip: Arc<Grip>,
}

struct Grip {
    spec: Arc<EnvironmentSpec>,
    desk: Arc<Desk>,
    log: Arc<Capture>,
    /// True when everything of it is gone.
    gone: watch::Receiver<bool>,
}

impl Drop for Grip {
    fn drop(&mut self) {
        self.desk.retire();
    }
}

/// What an environment is doing, for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The runtime starts and loads the function.
    Initialising,
    /// The initialisation failed; the first invocation will try again.
    InitFailed,
    /// It waits for an invocation.
    Ready,
    /// It carries one out.
    Invoking,
    /// It has ended.
    Ended,
}

impl From<State> for Phase {
    fn from(state: State) -> Self {
        match state {
            State::Init { .. } => Self::Initialising,
            State::InitFailed { .. } => Self::InitFailed,
            State::Ready { .. } => Self::Ready,
            State::Queued { .. } | State::Running { .. } => Self::Invoking,
            State::Closed => Self::Ended,
        }
    }
}

impl Environment {
    pub(crate) fn new(
        spec: Arc<EnvironmentSpec>,
        desk: Arc<Desk>,
        log: Arc<Capture>,
        gone: watch::Receiver<bool>,
    ) -> Self {
        Self { grip: Arc::new(Grip { spec, desk, log, gone }) }
    }

    /// What it was made from.
    pub fn spec(&self) -> &EnvironmentSpec {
        &self.grip.spec
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.grip.desk.state().into()
    }

    /// Carries out one invocation, after the initialisation where that is still going on. One at a time: while another one
    /// is in progress the answer is [`Answer::NotDelivered`].
    ///
    /// Dropping the future doesn't stop the invocation: it runs to its end, as on the service, and [`Environment::settled`]
    /// waits for that. Before a function that floods its log gets another invocation, this waits until the log has room.
    pub async fn invoke(&self, invocation: Invocation) -> Outcome {
        self.grip.log.room().await;
        let (reply, outcome) = oneshot::channel();
        self.grip.desk.begin(invocation, reply);
        outcome.await.unwrap_or(Outcome {
            answer: Answer::Interrupted,
            log_tail: None,
            fate: Fate::Destroyed,
            timings: Timings::default(),
        })
    }

    /// Whether it would accept an invocation now. It may still die before one reaches it.
    pub fn is_reusable(&self) -> bool {
        self.grip.desk.is_idle()
    }

    /// Waits until no invocation is in progress.
    pub async fn settled(&self) {
        self.grip.desk.settled().await;
    }

    /// Waits until nothing of it is left, whatever ends it.
    pub async fn gone(&self) {
        // An error means that the driver was dropped with its runtime: gone too.
        let _ = self.grip.gone.clone().wait_for(|gone| *gone).await;
    }

    /// Takes no further invocation, lets the one in progress end, and waits until nothing is left.
    pub async fn shutdown(self) {
        self.grip.desk.retire();
        self.gone().await;
    }
}

#[cfg(test)]
mod tests;
