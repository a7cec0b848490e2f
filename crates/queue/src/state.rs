//! A lane as a whole.

use crate::LaneName;
use types::Timestamp;

/// How much waits in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages that are due; in a FIFO lane, those that wait for others of their group too.
    pub ready: u64,
    /// Messages that are due later.
    pub delayed: u64,
    /// Messages whose lease runs.
    pub leased: u64,
    /// Bytes of all of them on disk.
    pub bytes: u64,
    /// Messages that could not be opened and were set aside.
    pub quarantined: u64,
    /// Since when the ready message that waits longest has been due.
    pub oldest: Option<Timestamp>,
}

impl Counts {
    /// All messages that may still be given.
    pub fn messages(&self) -> u64 {
        self.ready + self.delayed + self.leased
    }
}

/// Whether messages of a lane are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// They are.
    Running,
    /// They wait until the lane is resumed; enqueueing and settling go on.
    Paused,
}

/// One lane, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneState {
    /// Its name.
    pub lane: LaneName,
    /// Whether it gives messages.
    pub flow: Flow,
    /// What waits in it.
    pub counts: Counts,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can be taken as soon as its turn comes.
    Ready,
    /// It is not due yet.
    Delayed,
    /// Somebody has it.
    Leased,
}
