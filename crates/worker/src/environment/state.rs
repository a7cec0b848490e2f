//! What may happen in which state: the life of an execution environment as plain data.
//!
//! ```text
//!                      next (nothing queued)           begin (runtime busy)
//!        start ──► Init ────────────────────► Ready ───────────────────────► Queued
//!                  │ ▲ │                      │   ▲                            │
//!   init/error,    │ │ │ next                 │   │ answer ends                │ next
//!   exit, time-out │ │ │ (one is queued)      │   │ (response, error,          │
//!                  │ │ │            begin     │   │  too large)                │
//!                  │ │ │  (runtime in `next`) ▼   │                            │
//!                  │ │ └────────────────────► Running ◄────────────────────────┘
//!                  │ │ restart                delivered → answering
//!                  ▼ │
//!               InitFailed      (begin queues an invocation in Init and in InitFailed)
//!
//!   every state ──► Closed: time-out, exit, out of memory, an answer that breaks off, shutdown,
//!                           a second failure of the initialisation
//! ```
//!
//! Invariant: an invocation is handed out at most once and answered at most once, and nothing is accepted after `close`.
//! No I/O, no clock, no lock: whoever holds the struct decides when things happen.

use types::RequestId;

/// The states of one environment. See the module for the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The runtime has been started and has not asked for work yet.
    Init {
        /// An invocation that came meanwhile.
        queued: Option<RequestId>,
    },
    /// The initialisation failed; the runtime is dead or about to be.
    InitFailed {
        /// The invocation inside which it will be tried again.
        queued: Option<RequestId>,
    },
    /// Initialised, and without an invocation.
    Ready {
        /// Whether the runtime waits in `next`.
        parked: bool,
    },
    /// Has an invocation that the runtime, busy since its last answer, has not asked for.
    Queued {
        /// That invocation.
        id: RequestId,
    },
    /// The runtime works on an invocation.
    Running {
        /// That invocation.
        id: RequestId,
        /// Whether the runtime has begun to answer.
        step: Step,
    },
    /// Nothing is accepted any more.
    Closed,
}

/// How far a running invocation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The runtime has it.
    Delivered,
    /// The runtime's answer is being read.
    Answering,
}

/// What to do with an invocation that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Hand it to the `next` that waits.
    Deliver,
    /// Keep it until the runtime asks.
    Queue,
    /// Keep it, and start the runtime again.
    QueueAndRestart,
    /// There is another one already.
    Busy,
    /// The environment has ended.
    Closed,
}

/// What to do with a runtime's `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Answer it with the queued invocation.
    Deliver,
    /// Hold it until an invocation comes.
    Hold,
}

/// Why a call of the runtime is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The id is not that of an invocation that the runtime was given last. 400.
    InvalidRequestId,
    /// The call doesn't fit the state. 403.
    InvalidStateTransition {
        /// The state, by name.
        from: &'static str,
        /// What the call would have led to.
        to: &'static str,
    },
    /// The environment has ended; whoever calls is about to be killed. 403.
    Ended,
}

/// What `close` found unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// No invocation.
    Nothing,
    /// One that the runtime never saw.
    Undelivered(RequestId),
    /// One that the runtime has.
    Delivered(RequestId),
}

/// The state, and the little that it has to remember about the past.
#[derive(Debug)]
pub(crate) struct Machine {
    state: State,
    /// The invocation that was answered last, to tell a second answer from a wrong id.
    answered: Option<RequestId>,
}

impl Machine {
    /// An environment whose runtime is being started.
    pub(crate) fn new() -> Self {
        Self { state: State::Init { queued: None }, answered: None }
    }

    /// Where it is.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// An invocation is handed in.
    pub(crate) fn begin(&mut self, id: RequestId) -> Begin {
        let (state, begin) = match self.state {
            State::Init { queued: None } => (State::Init { queued: Some(id) }, Begin::Queue),
            State::InitFailed { queued: None } => {
                (State::InitFailed { queued: Some(id) }, Begin::QueueAndRestart)
            }
            State::Ready { parked: true } => (State::Running { id, step: Step::Delivered }, Begin::Deliver),
            State::Ready { parked: false } => (State::Queued { id }, Begin::Queue),
            State::Init { .. } | State::InitFailed { .. } | State::Queued { .. } | State::Running { .. } => {
                return Begin::Busy;
            }
            State::Closed => return Begin::Closed,
        };
        self.state = state;
        begin
    }

    /// The runtime asks for work.
    pub(crate) fn next(&mut self) -> Result<Next, Refusal> {
        let (state, next) = match self.state {
            State::Init { queued: None } | State::Ready { parked: false } => {
                (State::Ready { parked: true }, Next::Hold)
            }
            State::Init { queued: Some(id) } | State::Queued { id } => {
                (State::Running { id, step: Step::Delivered }, Next::Deliver)
            }
            State::Ready { parked: true }
            | State::Running { .. }
            | State::InitFailed { .. }
            | State::Closed => return Err(self.refuse("Ready")),
        };
        self.state = state;
        Ok(next)
    }

    /// The connection whose `next` was held has gone.
    pub(crate) fn unpark(&mut self) {
        if let State::Ready { parked } = &mut self.state {
            *parked = false;
        }
    }

    /// An invocation could not be handed over: the connection of the `next` broke in that very moment.
    pub(crate) fn take_back(&mut self) {
        if let State::Running { id, step: Step::Delivered } = self.state {
            self.state = State::Queued { id };
        }
    }

    /// The runtime begins to answer, with a response or an error.
    pub(crate) fn answer_starts(&mut self, id: RequestId) -> Result<(), Refusal> {
        match self.state {
            State::Running { id: running, step: Step::Delivered } if running == id => {
                self.state = State::Running { id, step: Step::Answering };
                Ok(())
            }
            State::Running { id: running, step: Step::Answering } if running == id => {
                Err(self.refuse("InvocationResponse"))
            }
            State::Closed => Err(self.refuse("InvocationResponse")),
            _ if self.answered == Some(id) => Err(self.refuse("InvocationResponse")),
            _ => Err(Refusal::InvalidRequestId),
        }
    }

    /// The answer is complete. False when the environment was closed meanwhile.
    #[must_use]
    pub(crate) fn answer_ends(&mut self, id: RequestId) -> bool {
        match self.state {
            State::Running { id: running, step: Step::Answering } if running == id => {
                self.state = State::Ready { parked: false };
                self.answered = Some(id);
                true
            }
            _ => false,
        }
    }

    /// The runtime says that it can't initialise.
    pub(crate) fn init_error(&mut self) -> Result<(), Refusal> {
        if self.init_failed() { Ok(()) } else { Err(self.refuse("RuntimeInitError")) }
    }

    /// The initialisation failed in whatever way. False when it was over already.
    pub(crate) fn init_failed(&mut self) -> bool {
        if let State::Init { queued } = self.state {
            self.state = State::InitFailed { queued };
            return true;
        }
        false
    }

    /// The runtime is started once more, for the invocation that is queued.
    pub(crate) fn restart(&mut self) {
        if let State::InitFailed { queued } = self.state {
            self.state = State::Init { queued };
        }
    }

    /// The end. Says what was left unfinished.
    pub(crate) fn close(&mut self) -> Unfinished {
        let unfinished = match self.state {
            State::Init { queued: Some(id) }
            | State::InitFailed { queued: Some(id) }
            | State::Queued { id } => Unfinished::Undelivered(id),
            State::Running { id, .. } => Unfinished::Delivered(id),
            State::Init { queued: None }
            | State::InitFailed { queued: None }
            | State::Ready { .. }
            | State::Closed => Unfinished::Nothing,
        };
        self.state = State::Closed;
        unfinished
    }

    fn refuse(&self, to: &'static str) -> Refusal {
        let from = match self.state {
            State::Init { .. } => "Started",
            State::InitFailed { .. } => "InitError",
            State::Ready { .. } | State::Queued { .. } => "Ready",
            State::Running { step: Step::Delivered, .. } => "Running",
            State::Running { step: Step::Answering, .. } => "InvocationResponse",
            State::Closed => return Refusal::Ended,
        };
        Refusal::InvalidStateTransition { from, to }
    }
}

#[cfg(test)]
mod tests;
