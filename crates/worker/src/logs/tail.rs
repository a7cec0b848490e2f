//! The end of one invocation's log, for callers that asked for it.

use std::collections::VecDeque;
use types::limits::LOG_TAIL_BYTES;

/// The last 4,096 bytes of what was pushed, cut between characters.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: VecDeque<u8>,
}

impl Tail {
    /// Adds a line with its line break.
    pub(crate) fn push(&mut self, line: &str) {
        let line = &line.as_bytes()[line.len().saturating_sub(LOG_TAIL_BYTES)..];
        self.bytes.extend(line);
        let surplus = self.bytes.len().saturating_sub(LOG_TAIL_BYTES);
        self.bytes.drain(..surplus);
    }

    /// The bytes: valid UTF-8.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = Vec::from(self.bytes);
        let cut = bytes.iter().take_while(|b| (0x80..=0xBF).contains(*b)).count();
        bytes.drain(..cut);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_tail_is_valid_and_the_end_of_everything(lines in proptest::collection::vec("[a-é€😀]{0,2000}", 0..6)) {
            let mut tail = Tail::default();
            let mut whole = String::new();
            for line in &lines {
                tail.push(line);
                whole.push_str(line);
            }
            let tail = String::from_utf8(tail.finish()).unwrap();
            prop_assert!(whole.ends_with(&tail));
            prop_assert!(tail.len() <= LOG_TAIL_BYTES);
            prop_assert!(tail.len() + 3 >= whole.len().min(LOG_TAIL_BYTES));
        }
    }
}
