//! Messages: as they are handed in, and as they are taken.

use bytes::Bytes;
use types::Timestamp;

/// The longest message: body, attributes and group together, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;
/// The most messages of one call: enqueued, taken or settled together.
pub const MAX_TOGETHER: usize = 1000;

/// The most bytes of messages for one lane in one call.
pub const MAX_TOGETHER_BYTES: usize = 16 << 20;

/// Numbers a message. A number is never used twice, in whatever lane; of two enqueues, one after the other, the later
/// has the greater number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// What is to wait.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The payload; sealed on disk.
    pub body: Bytes,
    /// What the caller keeps with it, in the caller's own form; sealed on disk.
    pub attributes: Bytes,
    /// Not given before.
    pub due: Timestamp,
    /// Never given from then on, and removed. A caller that must do something about an old message leaves this out and
    /// looks at [`Taken::enqueued`] instead.
    pub expires: Option<Timestamp>,
    /// Its group; present in a FIFO lane and only there. Kept as a fingerprint.
    pub group: Option<String>,
    /// Not enqueued where the lane had a message of this key before. Kept as a fingerprint.
    pub deduplicate: Option<Deduplicate>,
}

impl NewMessage {
    /// A message that is due at once, and nothing else.
    pub fn due_at(due: Timestamp, body: impl Into<Bytes>) -> Self {
        let (body, attributes) = (body.into(), Bytes::new());
        Self { body, attributes, due, expires: None, group: None, deduplicate: None }
    }
}

/// When two messages are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduplicate {
    /// Equal keys of a lane name equal messages.
    pub key: String,
    /// How long this message's key is remembered, whatever becomes of the message.
    pub until: Timestamp,
}

/// The answer for one message that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits, under this number.
    New(Sequence),
    /// Its key was seen before, with the message of this number; nothing was enqueued.
    Earlier(Sequence),
}

impl Enqueued {
    /// The number of the message, the new or the earlier one.
    pub fn sequence(self) -> Sequence {
        match self {
            Self::New(sequence) | Self::Earlier(sequence) => sequence,
        }
    }
}

/// How to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeOptions {
    /// At most so many messages, 1 to [`MAX_TOGETHER`].
    pub max: usize,
    /// Until when they are the taker's. A lease that lapsed is over as soon as somebody else takes the message.
    pub lease_until: Timestamp,
    /// At most so many of one group (FIFO lanes only).
    pub per_group: usize,
}

/// Shows that its holder took the message last. It is stale once the message was taken again, put back, or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    /// The message.
    pub sequence: Sequence,
    /// Grows each time that the message is taken or put back.
    pub fence: u32,
}

/// A message under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// To settle it with.
    pub lease: LeaseToken,
    /// As it was handed in.
    pub body: Bytes,
    /// As they were handed in.
    pub attributes: Bytes,
    /// How many times it was taken, this time included.
    pub attempts: u32,
    /// When it was taken for the first time.
    pub first_taken: Timestamp,
    /// When it was enqueued.
    pub enqueued: Timestamp,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Its group, in a FIFO lane.
    pub group: Option<String>,
}
