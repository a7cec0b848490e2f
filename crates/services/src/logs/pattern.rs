//! Filter patterns for unstructured events: terms, quoted phrases, `?optional` and `-excluded` ones.
//!
//! Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" in the
//! CloudWatch Logs user guide. Case counts. A term is found anywhere in the message. All plain terms must be there, no
//! excluded one may; optional terms count only where there are no others, and then one of them must be there.

use super::messages;
use types::ServiceError;

/// A pattern, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads a pattern. The empty one matches everything.
    ///
    /// # Errors
    /// A term with characters that need quotes, a quote that isn't closed, and the forms that aren't built.
    pub(super) fn read(text: &str) -> Result<Self, ServiceError> {
        let mut rest = text.trim();
        refuse_other_forms(rest)?;
        let mut pattern = Self::default();
        while !rest.is_empty() {
            let (list, unmarked) = if let Some(unmarked) = rest.strip_prefix('?') {
                (&mut pattern.any, unmarked)
            } else if let Some(unmarked) = rest.strip_prefix('-') {
                (&mut pattern.none, unmarked)
            } else {
                (&mut pattern.all, rest)
            };
            let (term, behind) = term(unmarked)?;
            list.push(term);
            rest = behind.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a message fits.
    pub(super) fn matches(&self, message: &str) -> bool {
        let found = |term: &String| message.contains(term.as_str());
        let others = !self.all.is_empty() || !self.none.is_empty();
        self.all.iter().all(found)
            && !self.none.iter().any(found)
            && (others || self.any.is_empty() || self.any.iter().any(found))
    }
}

fn refuse_other_forms(text: &str) -> Result<(), ServiceError> {
    match text.chars().next() {
        Some('{') => Err(messages::pattern_not_built("{ $.member = value }")),
        Some('[') => Err(messages::pattern_not_built("[field, field, ...]")),
        _ => Ok(()),
    }
}

/// The first term and what stands behind it.
fn term(text: &str) -> Result<(String, &str), ServiceError> {
    if let Some(quoted) = text.strip_prefix('"') {
        return phrase(quoted);
    }
    if text.starts_with('%') {
        return Err(messages::pattern_not_built("%regular expression%"));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, behind) = text.split_at(end);
    let plain = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    if plain { Ok((word.to_owned(), behind)) } else { Err(messages::bad_term(word)) }
}

/// What stands before the closing quote (a backslash keeps the next character as it is), and what stands behind it.
fn phrase(text: &str) -> Result<(String, &str), ServiceError> {
    let mut phrase = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' if phrase.is_empty() => return Err(messages::bad_term("\"\"")),
            '"' => {
                let behind = &text[at + 1..];
                let apart = behind.is_empty() || behind.starts_with(char::is_whitespace);
                return if apart { Ok((phrase, behind)) } else { Err(messages::bad_term(behind)) };
            }
            '\\' => match characters.next() {
                Some((_, kept)) => phrase.push(kept),
                None => break,
            },
            other => phrase.push(other),
        }
    }
    Err(messages::bad_pattern())
}
