//! What becomes of a message that was taken.

use crate::{LaneName, NewMessage};
use types::Timestamp;

/// What its taker wants.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is done with: removed.
    Done,
    /// Back to its lane, due then. The lease is over.
    Retry {
        /// Not given before.
        due: Timestamp,
    },
    /// The lease goes on until then. A time that has come gives the message back, and the token stays good until
    /// somebody takes it.
    Extend {
        /// The lease's new end.
        until: Timestamp,
    },
    /// Removed here and enqueued there, in one transaction: never in both, never in neither.
    Forward {
        /// The other lane.
        to: LaneName,
        /// What is enqueued there.
        messages: Vec<NewMessage>,
    },
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is as the taker wanted.
    Applied,
    /// The token was stale: nothing was changed.
    Stale,
}
