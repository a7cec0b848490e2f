//! The name of a lane, and whether it keeps groups in order.

use std::fmt;

/// The longest name in bytes.
const MAX_BYTES: usize = 512;

/// How the messages of a lane are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// By due time, then by sequence; each message on its own.
    Standard,
    /// Each message belongs to a group, and a group's messages come in the order of their sequences: while one is
    /// leased, delayed or being retried, those behind it wait.
    Fifo,
}

/// Names one ordered place, its account included: `event/ACCOUNT/FUNCTION`, `sqs/ACCOUNT/QUEUE`. The kind belongs to the
/// name: a standard and a FIFO lane of the same text are two lanes. The name stands in clear on disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneName {
    text: String,
    kind: LaneKind,
}

/// Why a text names no lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaneNameError {
    /// No character.
    #[error("a lane's name needs at least one character")]
    Empty,
    /// Longer than 512 bytes.
    #[error("a lane's name of {0} bytes is too long (512 at most)")]
    TooLong(usize),
    /// A control character.
    #[error("the lane's name {0:?} holds a control character")]
    Control(String),
}

impl LaneName {
    /// A standard lane.
    ///
    /// # Errors
    /// See [`LaneNameError`].
    pub fn standard(text: impl Into<String>) -> Result<Self, LaneNameError> {
        Self::new(text.into(), LaneKind::Standard)
    }

    /// A FIFO lane.
    ///
    /// # Errors
    /// See [`LaneNameError`].
    pub fn fifo(text: impl Into<String>) -> Result<Self, LaneNameError> {
        Self::new(text.into(), LaneKind::Fifo)
    }

    /// A lane of this kind.
    ///
    /// # Errors
    /// See [`LaneNameError`].
    pub fn new(text: String, kind: LaneKind) -> Result<Self, LaneNameError> {
        if text.is_empty() {
            Err(LaneNameError::Empty)
        } else if text.len() > MAX_BYTES {
            Err(LaneNameError::TooLong(text.len()))
        } else if text.contains(char::is_control) {
            Err(LaneNameError::Control(text))
        } else {
            Ok(Self { text, kind })
        }
    }

    /// A name that was kept by the engine.
    pub(crate) fn kept(text: String, kind: LaneKind) -> Self {
        Self { text, kind }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind.
    pub fn kind(&self) -> LaneKind {
        self.kind
    }
}

impl fmt::Display for LaneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_lane_is_told() {
        assert_eq!(LaneName::standard(""), Err(LaneNameError::Empty));
        assert_eq!(LaneName::fifo("x".repeat(513)), Err(LaneNameError::TooLong(513)));
        assert!(matches!(LaneName::fifo("a\nb"), Err(LaneNameError::Control(_))));
        assert_eq!(LaneName::fifo("sqs/1/q.fifo").unwrap().to_string(), "sqs/1/q.fifo");
    }
}
