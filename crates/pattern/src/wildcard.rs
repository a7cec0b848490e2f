//! `wildcard`: a text in which `*` stands for any characters, or none. `\*` is the character itself, `\\` a backslash.
//!
//! Invariant: nothing tracks back. Each part between two wildcards is taken at the first place after the part before it,
//! which is right because `*` takes whatever follows; and the search for one part is linear (the standard library's
//! `str::find` is the two-way algorithm). So a match costs the length of the text plus that of the pattern.

use crate::error::PatternError;

/// A compiled wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard {
    /// What a text begins with.
    first: Box<str>,
    /// What it ends with after the last wildcard; without a wildcard `first` is the whole text.
    last: Option<Box<str>>,
    /// What lies between, in this order.
    middle: Box<[Box<str>]>,
}

impl Wildcard {
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parts = parts(text)?.into_iter().map(String::into_boxed_str);
        let first = parts.next().unwrap_or_default();
        let mut rest: Vec<_> = parts.collect();
        let last = rest.pop();
        Ok(Self { first, last, middle: rest.into() })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.matches_by(text, |text, part| text.find(part))
    }

    /// With the search handed in, so that a test can count what it looks at.
    fn matches_by(&self, text: &str, mut find: impl FnMut(&str, &str) -> Option<usize>) -> bool {
        let Some(last) = &self.last else { return text == &*self.first };
        let between = text.strip_prefix(&*self.first).and_then(|rest| rest.strip_suffix(&**last));
        let Some(mut between) = between else { return false };
        for part in &self.middle {
            let Some(at) = find(between, part) else { return false };
            between = &between[at + part.len()..];
        }
        true
    }
}

/// The texts between the wildcards, without their escapes. Positions in errors count bytes from 1, as the service does,
/// which counts the opening quote as 0.
fn parts(text: &str) -> Result<Vec<String>, PatternError> {
    let mut parts = vec![String::new()];
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        let literal = match letter {
            '*' if next == Some('*') => return Err(PatternError::ConsecutiveWildcards(at + 1)),
            '*' => None,
            '\\' => match letters.next() {
                Some((_, escaped @ ('*' | '\\'))) => Some(escaped),
                _ => return Err(PatternError::InvalidEscape(at + 1)),
            },
            _ => Some(letter),
        };
        match (literal, parts.last_mut()) {
            (Some(letter), Some(part)) => part.push(letter),
            _ => parts.push(String::new()),
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_never_looks_at_a_byte_twice() {
        let hard =
            ["*a*a*a*a*a*a*a*b", "a*a*a*a*a*a*a*a*", &"*a".repeat(1_000), "*ab*ab*ab*ac*", "*aaaaaaaaab*"];
        let texts = ["a".repeat(20_000), "ab".repeat(10_000), format!("{}b", "a".repeat(20_000))];
        for pattern in hard {
            let wildcard = Wildcard::parse(pattern).unwrap();
            for text in &texts {
                let mut looked_at = 0;
                let counted = wildcard.matches_by(text, |text, part| {
                    let at = text.find(part);
                    looked_at += at.map_or(text.len(), |at| at + part.len());
                    at
                });
                assert!(looked_at <= text.len(), "{pattern}: {looked_at}");
                assert_eq!(counted, wildcard.matches(text));
            }
        }
    }

    #[test]
    fn parts_may_not_overlap() {
        let wildcard = Wildcard::parse("aba*aba").unwrap();
        assert!(wildcard.matches("abaaba") && wildcard.matches("aba-aba"));
        assert!(!wildcard.matches("ababa") && !wildcard.matches("aba"));
    }

    #[test]
    fn only_wildcards_and_backslashes_are_escaped() {
        let escaped = Wildcard::parse(r"a\*\\*").unwrap();
        assert!(escaped.matches(r"a*\") && escaped.matches(r"a*\more") && !escaped.matches(r"ab\"));
        assert_eq!(Wildcard::parse("ab**"), Err(PatternError::ConsecutiveWildcards(3)));
        assert_eq!(Wildcard::parse(r"a\b"), Err(PatternError::InvalidEscape(2)));
        assert_eq!(Wildcard::parse(r"*\"), Err(PatternError::InvalidEscape(2)));
    }
}
