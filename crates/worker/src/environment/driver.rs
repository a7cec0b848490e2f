//! The task that owns an environment from its start to its end.
//!
//! It does nothing on the path of a warm invocation: it looks every 10 to 20 ms while there is one (memory, deadline), goes
//! on for a moment after it, in which it freezes the environment, and sleeps when that is idle.
//!
//! Invariant: it ends only when everything of the environment is gone, and whatever was accepted has been answered.

use super::desk::{Desk, View};
use super::exit::Exit;
use super::incarnation::{Incarnation, Surroundings};
use super::state::{State, Unfinished};
use super::verdict::End;
use crate::births::Births;
use crate::logs::{Entry, InitPhase};
use crate::runtimes::EntrypointError;
use crate::staging::Trees;
use crate::{CellSpec, EnvironmentSpec, Isolation, StartError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use types::Clock;

/// How long the driver keeps looking after the last invocation: the next one then doesn't have to wake it.
const AFTERGLOW: Duration = Duration::from_millis(100);
/// How often it looks then.
const GLANCE: Duration = Duration::from_millis(20);

/// The driver of one environment.
pub(crate) struct Driver {
    /// What it drives.
    pub(crate) around: Surroundings,
    /// What the environment was made from.
    pub(crate) spec: Arc<EnvironmentSpec>,
    /// What makes its cells.
    pub(crate) isolation: Arc<dyn Isolation>,
    /// Turns at making one, shared with all other environments.
    pub(crate) births: Births,
    /// For a repeated initialisation.
    pub(crate) cell: CellSpec,
    /// Its code and layers, which stay in place as long as this lives.
    pub(crate) trees: Trees,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Of the first initialisation.
    pub(crate) init_timeout: Duration,
    /// True when the worker stops at once.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Driver {
    /// Drives the environment to its end.
    pub(crate) async fn run(mut self, first: Incarnation) {
        let end = self.watch(&first, InitPhase::Init).await;
        let Some(duration) = self.failed_init(&end) else {
            return self.finish(Some(first), end, true).await;
        };
        self.report_init(duration, InitPhase::Init, &end);
        first.kill().await;
        self.around.memory.detach();
        first.remove().await;
        if !self.invocation_waits().await {
            return self.finish(None, End::Stopped, false).await;
        }
        let second = match self.restart().await {
            Ok(second) => second,
            Err(error) => {
                tracing::error!(environment = %self.spec.id, %error, "a runtime could not be started again");
                return self.finish(None, End::NotRestarted, false).await;
            }
        };
        let end = self.watch(&second, InitPhase::Invoke).await;
        let failed = self.failed_init(&end);
        if let Some(duration) = failed {
            self.report_init(duration, InitPhase::Invoke, &end);
        }
        self.finish(Some(second), end, failed.is_none()).await;
    }

    /// Drives an environment in which nothing can be started to its end: the first invocation is told why.
    pub(crate) async fn run_without_program(mut self, why: &EntrypointError) {
        let end = End::NoProgram(why.to_string());
        if let Some(duration) = self.failed_init(&end) {
            self.report_init(duration, InitPhase::Init, &end);
        }
        let end = if self.invocation_waits().await { end } else { End::Stopped };
        self.finish(None, end, false).await;
    }

    fn desk(&self) -> &Desk {
        &self.around.desk
    }

    /// How long an initialisation took that this end made fail.
    fn failed_init(&self, end: &End) -> Option<Duration> {
        if matches!(end, End::Stopped) { None } else { self.desk().init_failed() }
    }

    fn report_init(&self, duration: Duration, phase: InitPhase, end: &End) {
        self.around.log.finish_output();
        self.around.log.push(Entry::InitReport { duration, phase, status: end.status() });
    }

    /// Watches until something ends this incarnation.
    async fn watch(&mut self, incarnation: &Incarnation, phase: InitPhase) -> End {
        let mut boosted = self.cell.init_cpu_millis > self.cell.cpu_millis;
        loop {
            let view = self.desk().view();
            if boosted && !self.deserves_boost(&view) {
                boosted = false;
                incarnation.set_cpu(self.cell.cpu_millis);
            }
            if let Some(told) = self.desk().told() {
                return told.into();
            }
            let look = match self.look(&view, phase) {
                Ok(look) => look,
                Err(end) => return end,
            };
            let exit = tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return End::Stopped,
                exit = incarnation.exited() => exit,
                () = self.around.desk.wake.notified() => continue,
                () = at(look) => continue,
            };
            return self.exited(incarnation, exit).await;
        }
    }

    /// Whether it may use the processor as an initialisation does. One that is repeated inside of an invocation lasts as long
    /// as the function's time, the boost no longer than the first one may.
    fn deserves_boost(&self, view: &View) -> bool {
        matches!(view.state, State::Init { .. }) && self.desk().init_elapsed() < self.init_timeout
    }

    /// The runtime's process has ended: what it still said comes first.
    async fn exited(&self, incarnation: &Incarnation, exit: Exit) -> End {
        incarnation.last_words().await;
        if let Some(told) = self.desk().told() {
            return told.into();
        }
        let oom = exit.is_killed() && incarnation.oom_killed();
        if oom { End::OutOfMemory } else { End::Exited(exit) }
    }

    /// Applies what depends on time and memory, and says when to look again; never, when a wake-up will come first.
    fn look(&self, view: &View, phase: InitPhase) -> Result<Option<Instant>, End> {
        let now = Instant::now();
        let in_init = matches!(view.state, State::Init { .. });
        if let State::Ready { .. } = view.state {
            if view.retired {
                return Err(End::Stopped);
            }
            return Ok(self.wait(view, now));
        }
        if view.retired && matches!(view.state, State::Init { queued: None }) {
            return Err(End::Stopped);
        }
        let used = self.around.memory.sample();
        if self.around.memory.exceeds(used) {
            return Err(End::OutOfMemory);
        }
        let init_ends = (in_init && phase == InitPhase::Init)
            .then(|| now + self.init_timeout.saturating_sub(self.desk().init_elapsed()));
        if init_ends.is_some_and(|end| end <= now) {
            return Err(End::InitTimedOut);
        }
        if view.deadline.is_some_and(|end| end <= now) {
            return Err(End::TimedOut);
        }
        let next = now + self.around.memory.pause(used);
        Ok([init_ends, view.deadline, Some(next)].into_iter().flatten().min())
    }

    /// Nothing is going on: freezes the environment when it is time, and says when to look again.
    fn wait(&self, view: &View, now: Instant) -> Option<Instant> {
        if let Some(at) = view.freezes_at {
            if now < at {
                return Some(at.min(now + GLANCE));
            }
            self.desk().freeze(now);
        }
        let sleeps = now.duration_since(view.idle_since) >= AFTERGLOW && self.desk().sleep();
        (!sleeps).then(|| now + GLANCE)
    }

    /// After a failed initialisation: waits for the invocation inside which it is tried again. False to stop instead.
    async fn invocation_waits(&mut self) -> bool {
        loop {
            let view = self.desk().view();
            // What the dead runtime still said changes nothing.
            self.desk().told();
            if matches!(view.state, State::InitFailed { queued: Some(_) }) {
                return true;
            }
            if view.retired {
                return false;
            }
            if !self.desk().sleep() {
                continue;
            }
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return false,
                () = self.around.desk.wake.notified() => {}
            }
        }
    }

    async fn restart(&self) -> Result<Incarnation, StartError> {
        let epoch = self.desk().restart();
        let (isolation, cell) = (Arc::clone(&self.isolation), self.cell.clone());
        let turn = self.births.turn(self.spec.account).await;
        let started = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            isolation.create(&cell)
        });
        let started = started.await.map_err(|_| StartError::TaskDied)??;
        Incarnation::connect(started, epoch, &self.around).map_err(StartError::Descriptors)
    }

    /// The end of the environment.
    async fn finish(self, incarnation: Option<Incarnation>, end: End, initialised: bool) {
        let unfinished = self.desk().close();
        if let Some(incarnation) = &incarnation {
            incarnation.kill().await;
        }
        self.around.memory.detach();
        self.explain(&end, unfinished);
        let timeout = self.spec.timeout.duration();
        if let Some(verdict) = end.verdict(unfinished, initialised, timeout, self.clock.now()) {
            self.desk().settle(verdict);
        }
        self.around.log.close();
        if let Some(incarnation) = incarnation {
            incarnation.remove().await;
        }
        drop(self.trees);
    }

    fn explain(&self, end: &End, unfinished: Unfinished) {
        if let End::Exited(exit) = end
            && exit.is_by_filter()
        {
            tracing::warn!(
                function = self.spec.function_arn,
                version = %self.spec.version,
                environment = %self.spec.id,
                "a runtime ended by SIGSYS: it made a system call that only break-ins make, or one of a foreign architecture"
            );
        }
        if !matches!(end, End::Stopped) {
            // Not the end itself: it may hold what the function said.
            let why = end.status();
            tracing::debug!(environment = %self.spec.id, %why, ?unfinished, "an environment is destroyed");
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the worker is gone with all its handles: then there is nobody to say stop.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn at(look: Option<Instant>) {
    match look {
        Some(look) => tokio::time::sleep_until(look).await,
        None => std::future::pending().await,
    }
}
