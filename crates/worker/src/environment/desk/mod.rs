//! Where the caller of an invocation, the runtime's connections and the driver meet.
//!
//! On the warm path the driver sleeps on: the caller hands the invocation straight to the connection that holds the
//! runtime's `next`, and the connection that reads the runtime's answer hands it straight to the caller. Both happen under
//! the environment's own lock, which is never held across an await.

mod driving;
mod freezing;

use super::state::{Begin, Machine, Next, Refusal, State};
use crate::logs::{Capture, Entry, InitPhase, Report, Status};
use crate::sync::lock;
use crate::{Answer, Cell, EnvironmentSpec, Fate, Invocation, LogTail, Outcome, Timings};
use bytes::Bytes;
use freezing::Frost;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use types::{Clock, RequestId, Timestamp};

/// An invocation on its way to the runtime.
pub(crate) struct Delivery {
    /// The invocation itself.
    pub(crate) invocation: Invocation,
    /// When it will be stopped.
    pub(crate) deadline: Timestamp,
}

/// What a `next` gets.
pub(crate) enum Work {
    /// An invocation that waited.
    Now(Delivery),
    /// The next one, when it comes.
    Later(oneshot::Receiver<Delivery>),
}

/// What the runtime told that only the driver can act upon.
pub(crate) enum Told {
    /// The initialisation failed: with what the runtime sent.
    InitError {
        /// JSON.
        payload: Bytes,
        /// The type that the runtime named.
        error_type: String,
    },
    /// An answer broke off in the middle.
    Truncated,
    /// What came over the channel were no frames.
    Violation(String),
}

/// What the driver finds when it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// The state.
    pub(crate) state: State,
    /// When the accepted invocation must be stopped; none while it waits for the first initialisation.
    pub(crate) deadline: Option<Instant>,
    /// Nobody can hand in another invocation.
    pub(crate) retired: bool,
    /// Since when there has been none.
    pub(crate) idle_since: Instant,
    /// When it is to be frozen, if nothing comes.
    pub(crate) freezes_at: Option<Instant>,
}

/// How an accepted invocation ended at the hand of the driver.
pub(crate) struct Verdict {
    /// The answer.
    pub(crate) answer: Answer,
    /// What REPORT says.
    pub(crate) status: Status,
    /// A line before END.
    pub(crate) line: Option<Entry>,
}

/// The desk of one environment.
pub(crate) struct Desk {
    held: Mutex<Held>,
    spec: Arc<EnvironmentSpec>,
    clock: Arc<dyn Clock>,
    log: Arc<Capture>,
    /// Wakes the driver.
    pub(crate) wake: Notify,
    /// An invocation has ended, or everything has.
    settled: Notify,
}

struct Held {
    machine: Machine,
    /// Which start of the runtime the connections must belong to.
    epoch: u32,
    parked: Option<oneshot::Sender<Delivery>>,
    accepted: Option<Accepted>,
    told: Option<Told>,
    driver: DriverIs,
    init_started: Instant,
    /// The first initialisation's duration, until an invocation's REPORT has told it.
    init: Option<Duration>,
    retired: bool,
    cell: Option<Weak<dyn Cell>>,
    frost: Frost,
    /// While there is no invocation: since when.
    idle_since: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DriverIs {
    /// Waiting for a wake-up.
    Asleep,
    /// About to look anyway, within some milliseconds.
    Ticking,
}

/// The invocation that is being carried out.
struct Accepted {
    id: RequestId,
    log_tail: LogTail,
    reply: oneshot::Sender<Outcome>,
    /// Until it is handed over.
    invocation: Option<Invocation>,
    /// When its time began to run.
    started: Option<Instant>,
    start_logged: bool,
}

impl Desk {
    /// A desk for an environment whose first initialisation begins now.
    pub(crate) fn new(spec: Arc<EnvironmentSpec>, clock: Arc<dyn Clock>, log: Arc<Capture>) -> Self {
        let now = Instant::now();
        let held = Held {
            machine: Machine::new(),
            epoch: 0,
            parked: None,
            accepted: None,
            told: None,
            driver: DriverIs::Ticking,
            init_started: now,
            init: None,
            retired: false,
            cell: None,
            frost: Frost::Thawed,
            idle_since: now,
        };
        Self { held: Mutex::new(held), spec, clock, log, wake: Notify::new(), settled: Notify::new() }
    }

    /// Hands in an invocation. The reply always comes, also when the environment ends.
    pub(crate) fn begin(&self, invocation: Invocation, reply: oneshot::Sender<Outcome>) {
        let mut held = lock(&self.held);
        let begin = if held.retired { Begin::Closed } else { held.machine.begin(invocation.request_id) };
        let started = match begin {
            Begin::Busy => return refuse(reply, Fate::Reusable),
            Begin::Closed => return refuse(reply, Fate::Destroyed),
            Begin::Queue if matches!(held.machine.state(), State::Init { .. }) => None,
            Begin::Deliver | Begin::Queue | Begin::QueueAndRestart => Some(Instant::now()),
        };
        held.thaw();
        held.accepted = Some(Accepted {
            id: invocation.request_id,
            log_tail: invocation.log_tail,
            reply,
            invocation: Some(invocation),
            started,
            start_logged: false,
        });
        if held.driver == DriverIs::Asleep {
            held.driver = DriverIs::Ticking;
            self.wake.notify_one();
        }
        if begin == Begin::Deliver {
            self.hand_over(&mut held);
        }
    }

    /// Gives the accepted invocation to the connection that waits for it.
    fn hand_over(&self, held: &mut Held) {
        let Some(parked) = held.parked.take() else { return held.machine.take_back() };
        let Some(delivery) = self.delivery(held) else { return };
        if let Err(delivery) = parked.send(delivery) {
            held.machine.take_back();
            if let Some(accepted) = &mut held.accepted {
                accepted.invocation = Some(delivery.invocation);
            }
        }
    }

    fn delivery(&self, held: &mut Held) -> Option<Delivery> {
        let accepted = held.accepted.as_mut()?;
        let started = *accepted.started.get_or_insert_with(Instant::now);
        self.log_start(accepted);
        let left = self.spec.timeout.duration().saturating_sub(started.elapsed());
        Some(Delivery { invocation: accepted.invocation.take()?, deadline: self.clock.now().plus(left) })
    }

    fn log_start(&self, accepted: &mut Accepted) {
        if !accepted.start_logged {
            accepted.start_logged = true;
            let start = Entry::Start { id: accepted.id, version: self.spec.version };
            self.log.start(start, accepted.log_tail);
        }
    }

    /// The runtime of start number `epoch` asks for work.
    pub(crate) fn next(&self, epoch: u32) -> Result<Work, Refusal> {
        let mut held = self.of_epoch(epoch)?;
        if held.parked.as_ref().is_some_and(oneshot::Sender::is_closed) {
            held.machine.unpark();
        }
        let in_init = matches!(held.machine.state(), State::Init { .. });
        let next = held.machine.next()?;
        if in_init {
            self.initialised(&mut held);
        }
        if next == Next::Deliver
            && let Some(delivery) = self.delivery(&mut held)
        {
            return Ok(Work::Now(delivery));
        }
        let (parked, later) = oneshot::channel();
        held.parked = Some(parked);
        Ok(Work::Later(later))
    }

    fn initialised(&self, held: &mut Held) {
        let now = Instant::now();
        held.idle_from(now);
        let duration = now.duration_since(held.init_started);
        let phase = if held.epoch == 0 { InitPhase::Init } else { InitPhase::Invoke };
        if phase == InitPhase::Init {
            held.init = Some(duration);
        }
        self.log.initialised(duration, phase);
    }

    /// The runtime begins to answer.
    pub(crate) fn answer_starts(&self, epoch: u32, id: RequestId) -> Result<(), Refusal> {
        self.of_epoch(epoch)?.machine.answer_starts(id)
    }

    /// The runtime's answer is complete. False when the environment was closed meanwhile.
    ///
    /// The caller gets it before the log is seen to, unless it asked for the log.
    pub(crate) fn answer_ends(&self, epoch: u32, id: RequestId, answer: Answer) -> bool {
        let Ok(mut held) = self.of_epoch(epoch) else { return false };
        if !held.machine.answer_ends(id) {
            return false;
        }
        let Some(accepted) = held.accepted.take() else { return false };
        let status = match &answer {
            Answer::FunctionError { error_type, .. } => Status::Reported(error_type.clone()),
            _ => Status::Success,
        };
        let verdict = Verdict { answer, status, line: None };
        self.conclude(&mut held, accepted, verdict, Fate::Reusable);
        true
    }

    /// Answers, and writes END and REPORT. The lock is held, so that no START of another invocation comes in between.
    fn conclude(&self, held: &mut Held, accepted: Accepted, verdict: Verdict, fate: Fate) {
        let now = Instant::now();
        held.idle_from(now);
        let duration = accepted.started.map_or(Duration::ZERO, |started| now.duration_since(started));
        let timings = Timings { duration, init: held.init.take() };
        let produced_bytes = match &verdict.answer {
            Answer::Success { payload, .. } => Some(payload.len()),
            _ => None,
        };
        let (id, memory, status) = (accepted.id, self.spec.memory, verdict.status);
        let report = Report { id, timings, memory, status, produced_bytes };
        let outcome = |log_tail| Outcome { answer: verdict.answer, log_tail, fate, timings };
        // A caller that went away leaves a closed channel behind: its answer is dropped, all else goes on.
        if accepted.log_tail == LogTail::Wanted {
            let tail = self.log.finish(verdict.line, report);
            let _ = accepted.reply.send(outcome(tail));
        } else {
            let _ = accepted.reply.send(outcome(None));
            self.log.finish(verdict.line, report);
        }
        self.settled.notify_waiters();
    }

    /// The runtime says that it can't initialise.
    pub(crate) fn init_error(&self, epoch: u32, payload: Bytes, error_type: String) -> Result<(), Refusal> {
        let mut held = self.of_epoch(epoch)?;
        held.machine.init_error()?;
        held.told = Some(Told::InitError { payload, error_type });
        self.wake.notify_one();
        Ok(())
    }

    /// The runtime's answer broke off.
    pub(crate) fn truncated(&self, epoch: u32) {
        if let Ok(mut held) = self.of_epoch(epoch) {
            held.told = Some(Told::Truncated);
            self.wake.notify_one();
        }
    }

    /// The runtime broke the protocol of its channel.
    pub(crate) fn violated(&self, epoch: u32, how: String) {
        if let Ok(mut held) = self.of_epoch(epoch) {
            held.told = Some(Told::Violation(how));
            self.wake.notify_one();
        }
    }

    fn of_epoch(&self, epoch: u32) -> Result<std::sync::MutexGuard<'_, Held>, Refusal> {
        let held = lock(&self.held);
        if held.epoch == epoch { Ok(held) } else { Err(Refusal::Ended) }
    }
}

/// What whoever holds the environment does.
impl Desk {
    /// No further invocation is accepted; the one in progress goes on, then the environment ends.
    pub(crate) fn retire(&self) {
        lock(&self.held).retired = true;
        self.wake.notify_one();
    }

    /// Whether another invocation would be accepted now.
    pub(crate) fn is_idle(&self) -> bool {
        let held = lock(&self.held);
        !held.retired && held.accepted.is_none() && held.machine.state() != State::Closed
    }

    /// The state.
    pub(crate) fn state(&self) -> State {
        lock(&self.held).machine.state()
    }

    /// Waits until no invocation is in progress.
    pub(crate) async fn settled(&self) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            if lock(&self.held).accepted.is_none() {
                return;
            }
            settled.await;
        }
    }
}

fn refuse(reply: oneshot::Sender<Outcome>, fate: Fate) {
    let timings = Timings::default();
    let _ = reply.send(Outcome { answer: Answer::NotDelivered, log_tail: None, fate, timings });
}
