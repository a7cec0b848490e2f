//! Keys: one or more segments, from the widest to the narrowest, in one text.
//!
//! Segments are joined by U+001F. They may not hold control characters, so keys sort as their segments do: first by the
//! first segment, then by the second, each by its bytes.

use std::fmt;

const SEPARATOR: char = '\u{1f}';

/// The longest key in bytes, separators included.
const MAX_BYTES: usize = 2048;

/// Names a record within its table, such as account and function name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// The beginning that a range of keys has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix(String);

/// Why segments don't make a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No segments, or nothing but one empty segment.
    #[error("a key needs at least one character")]
    Empty,
    /// A control character in a segment.
    #[error("the key segment {0:?} holds a control character")]
    Control(String),
    /// Longer than 2048 bytes.
    #[error("a key of {0} bytes is too long (2048 at most)")]
    TooLong(usize),
}

impl Key {
    /// A key of these segments.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn of<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Result<Self, KeyError> {
        let text = join(segments)?;
        if text.is_empty() { Err(KeyError::Empty) } else { Ok(Self(text)) }
    }

    /// The beginning of all keys that have these segments first and at least one more. No segments: of all keys.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn prefix<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Result<Prefix, KeyError> {
        let mut segments = segments.into_iter().peekable();
        if segments.peek().is_none() {
            return Ok(Prefix::all());
        }
        let mut text = join(segments)?;
        text.push(SEPARATOR);
        Ok(Prefix(text))
    }

    /// The segments, widest first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split(SEPARATOR)
    }

    /// The segments in one text, joined by U+001F.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key that an engine kept.
    pub(crate) fn kept(text: String) -> Self {
        Self(text)
    }
}

impl Prefix {
    /// Of all keys of a table.
    pub fn all() -> Self {
        Self(String::new())
    }

    /// Narrowed to keys whose next segment begins with `text`.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn beginning(mut self, text: &str) -> Result<Self, KeyError> {
        self.0.push_str(&join([text])?);
        Ok(self)
    }

    /// The text that the keys begin with.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    /// With `/` between the segments, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments().enumerate() {
            write!(f, "{}{segment}", if index == 0 { "" } else { "/" })?;
        }
        Ok(())
    }
}

fn join<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Result<String, KeyError> {
    let mut text = String::new();
    for (index, segment) in segments.into_iter().enumerate() {
        let segment = segment.as_ref();
        if segment.chars().any(|c| c < ' ') {
            return Err(KeyError::Control(segment.to_owned()));
        }
        if index > 0 {
            text.push(SEPARATOR);
        }
        text.push_str(segment);
    }
    if text.len() > MAX_BYTES { Err(KeyError::TooLong(text.len())) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_sort_as_their_segments_do(
            a in prop::collection::vec("[ -~é]{1,4}", 1..4),
            b in prop::collection::vec("[ -~é]{1,4}", 1..4),
        ) {
            let (left, right) = (Key::of(&a).unwrap(), Key::of(&b).unwrap());
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert!(left.segments().eq(a.iter().map(String::as_str)));
        }

        #[test]
        fn a_prefix_covers_exactly_the_longer_keys(
            a in prop::collection::vec("[ab]{1,2}", 1..3),
            b in prop::collection::vec("[ab]{1,2}", 1..4),
        ) {
            let covered = Key::of(&b).unwrap().as_str().starts_with(Key::prefix(&a).unwrap().as_str());
            prop_assert_eq!(covered, b.len() > a.len() && b.starts_with(&a));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(Key::of::<&str>([]), Err(KeyError::Empty));
        assert_eq!(Key::of([""]), Err(KeyError::Empty));
        assert_eq!(Key::of(["a", "b\u{1f}c"]), Err(KeyError::Control("b\u{1f}c".to_owned())));
        assert_eq!(Key::of(["a\0"]), Err(KeyError::Control("a\0".to_owned())));
        assert_eq!(Key::of(["a".repeat(2049)]), Err(KeyError::TooLong(2049)));
        assert_eq!(Key::of(["", "a"]).unwrap().to_string(), "/a");
    }
}
