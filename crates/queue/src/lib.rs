//! Everything that waits: event invocations, deliveries, SQS queues. One durable engine for all of them.
//!
//! A **lane** is one ordered place ([`LaneName`]). A **message** waits in it until it is due, is **taken** under a lease
//! with a fencing token, and is **settled**: done, put back, kept longer, or forwarded to another lane in the same
//! transaction. [`Queue`] seals what is handed in and opens what is taken; what is below, sealed bytes, times and
//! numbers, is an [`engine::Engine`], of which SQLite (`queue.db`) is the embedded one.
//!
//! ```text
//!                 due in the future          due comes (or the lease lapses)
//!  enqueue ───────────────────────► delayed ───────────────────────────────► ready ◄── enqueue, due now
//!                                      ▲                                       │
//!                                      │ retry, due later          take: attempts + 1, a new fencing token
//!                                      │                                       ▼
//!   gone ◄── done, forwarded ──────────┴──────────────────────────────────── leased ──► extend: leased for longer
//!   gone ◄── expired (never given), purged, its lane removed                   │
//!   set aside ◄── can't be opened (quarantine) ◄───────────────────────────────┘
//! ```
//!
//! Invariants: what was answered is on disk (one fsync for all that were committed together). A command that was handed
//! over is carried out even if nobody waits for its answer. Lane names, times and numbers stand in clear; bodies,
//! attributes, group names and deduplication keys do not. Time is the caller's clock.

mod arrivals;
mod embedded;
pub mod engine;
mod error;
mod lane;
mod message;
mod queue;
mod sealing;
mod settle;
mod state;
mod view;

pub use arrivals::{Arrivals, LaneArrivals};
pub use embedded::{Moment, Options, SqliteEngine, Watch};
pub use error::{Damage, QueueError};
pub use lane::{LaneKind, LaneName, LaneNameError};
pub use message::{
    Deduplicate, Enqueued, LeaseToken, MAX_MESSAGE_BYTES, MAX_TOGETHER, MAX_TOGETHER_BYTES, NewMessage,
    Sequence, TakeOptions, Taken,
};
pub use queue::Queue;
pub use settle::{Outcome, Settled};
pub use state::{Counts, Flow, LaneState, Standing};
pub use view::{Peeked, Quarantined, Swept};
