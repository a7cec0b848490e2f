//! What can go wrong with the queue, and what to do about it.

use crate::message::{MAX_MESSAGE_BYTES, MAX_TOGETHER, MAX_TOGETHER_BYTES};
use seal::SealError;
use sqlite::DatabaseError;

/// Why something could not be enqueued, taken, settled or read. A call that fails has changed nothing, except after
/// [`DatabaseError::Unsafe`] and [`DatabaseError::Closed`], when nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database failed or is full.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A message is too long.
    #[error("a message of {0} bytes is too long ({MAX_MESSAGE_BYTES} at most, attributes included)")]
    TooLong(usize),
    /// The messages of one call are too much.
    #[error("messages of {0} bytes in one call are too much ({MAX_TOGETHER_BYTES} at most)")]
    TooMuch(usize),
    /// More messages than one call may have, or none where at least one is needed.
    #[error("{0} messages in one call (1 to {MAX_TOGETHER} are possible)")]
    Number(usize),
    /// A message for a FIFO lane names no group.
    #[error("a message for a FIFO lane needs a group")]
    NoGroup,
    /// A message for a standard lane names a group.
    #[error("a message for a standard lane can't have a group")]
    Group,
}

impl QueueError {
    /// Whether the disk was full: the call may succeed once there is room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Database(DatabaseError::Full))
    }
}

/// What is wrong with a message that can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// Its sealed bytes are gone.
    #[error("its body is missing")]
    Missing,
    /// It does not open.
    #[error(transparent)]
    Sealed(SealError),
    /// It was written by a later version of Lambent.
    #[error("its form {0} is not known to this version of Lambent")]
    Form(u8),
    /// Too short to be what it says.
    #[error("it is cut off")]
    Cut,
}
