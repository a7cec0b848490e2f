//! What the driver does at the desk: it looks, sleeps, starts the runtime again, and closes.

use super::{Desk, DriverIs, Told, Verdict, View, refuse};
use crate::environment::state::{State, Unfinished};
use crate::sync::lock;
use crate::{Answer, Fate};
use std::time::Duration;
use tokio::time::Instant;

impl Desk {
    /// Looks, saying that the driver will look again soon.
    pub(crate) fn view(&self) -> View {
        let mut held = lock(&self.held);
        held.driver = DriverIs::Ticking;
        let started = held.accepted.as_ref().and_then(|accepted| accepted.started);
        View {
            state: held.machine.state(),
            deadline: started.map(|started| started + self.spec.timeout.duration()),
            retired: held.retired,
            idle_since: held.idle_since,
            freezes_at: held.freezes_at(),
        }
    }

    /// The driver will sleep until it is woken, unless something has been handed in since `view`.
    pub(crate) fn sleep(&self) -> bool {
        let mut held = lock(&self.held);
        if held.accepted.is_some() || held.told.is_some() || held.retired {
            return false;
        }
        held.driver = DriverIs::Asleep;
        true
    }

    /// What the runtime told meanwhile.
    pub(crate) fn told(&self) -> Option<Told> {
        lock(&self.held).told.take()
    }

    /// The first initialisation failed, in whatever way. False when it was over already. Returns how long it took.
    pub(crate) fn init_failed(&self) -> Option<Duration> {
        let mut held = lock(&self.held);
        held.machine.init_failed();
        matches!(held.machine.state(), State::InitFailed { .. }).then(|| held.init_started.elapsed())
    }

    /// The runtime is started again, inside the invocation that waits. Returns the new start's number.
    pub(crate) fn restart(&self) -> u32 {
        let mut held = lock(&self.held);
        held.machine.restart();
        held.epoch += 1;
        held.parked = None;
        held.cell = None;
        held.told = None;
        held.init_started = Instant::now();
        if let Some(accepted) = &mut held.accepted {
            accepted.started.get_or_insert_with(Instant::now);
        }
        held.epoch
    }

    /// How long the current initialisation has been going on.
    pub(crate) fn init_elapsed(&self) -> Duration {
        lock(&self.held).init_started.elapsed()
    }

    /// Nothing is accepted from now on. The invocation in progress, if any, stays until [`Desk::settle`].
    pub(crate) fn close(&self) -> Unfinished {
        let mut held = lock(&self.held);
        held.parked = None;
        held.cell = None;
        held.retired = true;
        held.machine.close()
    }

    /// Answers the invocation that `close` found unfinished.
    pub(crate) fn settle(&self, verdict: Verdict) {
        let mut held = lock(&self.held);
        let Some(mut accepted) = held.accepted.take() else { return };
        if matches!(verdict.answer, Answer::NotDelivered) {
            refuse(accepted.reply, Fate::Destroyed);
            return self.settled.notify_waiters();
        }
        self.log_start(&mut accepted);
        self.conclude(&mut held, accepted, verdict, Fate::Destroyed);
    }
}
