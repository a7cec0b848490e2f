//! Event patterns: the language in which EventBridge's rules and Lambda's filter criteria say which events they want.
//!
//! A [`Pattern`] is compiled once and matched against many events; [`Filters`] are the filter criteria of an event source
//! mapping, with what Lambda does about the body of an SQS message. Everything here is pure: text and JSON in, a verdict out.
//!
//! Invariants: matching allocates nothing (but the body of an SQS message that has to be parsed). Its worst case is the
//! length of the pattern times the length of the event, whatever the two say: nothing tracks back.
//!
//! Sources: the service's public documentation ("Comparison operators for use in event patterns", "Matching on multiple
//! values", "Lambda event filtering"), and for what it leaves open the documentation and the messages of `event-ruler`,
//! the library that the service runs, which is public under Apache-2.0. ADR 26 lists what was decided where they differ.

mod compile;
mod condition;
mod error;
mod filters;
mod letters;
mod messages;
mod network;
mod number;
mod operators;
mod parse;
mod rule;
mod tree;
mod wildcard;

use serde_json::Value;

pub use error::PatternError;
pub use filters::{FILTERS, FILTERS_MOST, FilterError, Filters};

use rule::{Found, Rule};

/// How many characters a rule's pattern may have on an event bus. Source: EventBridge quotas, "Event pattern size"; a
/// quota that can be raised, the API's own limit being [`CHARACTERS_MOST`].
pub const CHARACTERS: usize = 2_048;
/// How many characters a pattern may have in a filter of Lambda, and at most on an event bus. Source: API references of
/// both services, `Filter.Pattern` and `PutRule.EventPattern`.
pub const CHARACTERS_MOST: usize = 4_096;

/// A compiled pattern. Cheap to match with from many threads at once.
#[derive(Debug)]
pub struct Pattern {
    rule: Rule,
}

impl Pattern {
    /// Compiles a pattern of at most `characters` characters, usually [`CHARACTERS`] or [`CHARACTERS_MOST`].
    ///
    /// # Errors
    /// Why it isn't one; the error prints the service's words.
    pub fn parse(text: &str, characters: usize) -> Result<Self, PatternError> {
        let length = text.chars().count();
        if length > characters {
            return Err(PatternError::TooLong { length, limit: characters });
        }
        let entries = parse::pattern(text)?;
        Ok(Self { rule: compile::rule(&entries)? })
    }

    /// Whether the event is one that the pattern wants. An event that is no JSON object never is.
    ///
    /// Of a field that an event gives twice the last counts, as `serde_json` reads it. The depth of an event is the
    /// depth of the recursion here; `serde_json` reads at most 128 levels.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        event.as_object().is_some_and(|fields| self.rule.among(fields) > Found::Nothing)
    }
}
