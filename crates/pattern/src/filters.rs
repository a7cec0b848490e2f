//! Filter criteria of an event source mapping: up to five patterns, of which any may match.
//!
//! Source: Lambda, "Control which events Lambda sends to your function", and for SQS its table of what happens where the
//! formats of the message's body and of the pattern for `body` differ: the message is dropped.
//!
//! Invariant: a body is parsed only if a pattern speaks of it, and once for all of them.

use serde_json::{Map, Value};

use crate::error::PatternError;
use crate::rule::{Fields, Found, Seen};
use crate::{CHARACTERS_MOST, Pattern};

/// How many filters an event source mapping may have, by default.
pub const FILTERS: usize = 5;
/// How many it may have when the quota is raised.
pub const FILTERS_MOST: usize = 10;

/// Compiled filter criteria.
#[derive(Debug)]
pub struct Filters {
    patterns: Box<[Pattern]>,
    about_body: bool,
}

/// Why filter criteria are refused. It prints the service's words, which are the same for every fault of a pattern;
/// what is wrong with it is inside, for whoever wants to say more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterError {
    /// More filters than the quota.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        quota: usize,
    },
    /// A filter without a pattern.
    Missing,
    /// A pattern that is none.
    Invalid(PatternError),
}

impl std::error::Error for FilterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Invalid(error) => Some(error),
            _ => None,
        }
    }
}

impl Filters {
    /// Compiles the patterns of a mapping's filters, of which there may be `quota`. No filters at all let everything pass.
    ///
    /// # Errors
    /// More filters than the quota, a filter without a pattern, a pattern that is none.
    pub fn parse(patterns: &[Option<&str>], quota: usize) -> Result<Self, FilterError> {
        if patterns.len() > quota {
            return Err(FilterError::TooMany { count: patterns.len(), quota });
        }
        let read = |pattern: &Option<&str>| {
            let text = pattern.ok_or(FilterError::Missing)?;
            Pattern::parse(text, CHARACTERS_MOST).map_err(FilterError::Invalid)
        };
        let patterns = patterns.iter().map(read).collect::<Result<Box<[_]>, _>>()?;
        let about_body = patterns.iter().any(|pattern| pattern.rule.names("body"));
        Ok(Self { patterns, about_body })
    }

    /// Whether a record whose data is JSON in its place (of DynamoDB, for instance) passes.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(record))
    }

    /// Whether a record of SQS passes, as the function would see it: its `body` is a string.
    ///
    /// A body that is a JSON object or array is matched by patterns with fields inside of `body` only, any other one by
    /// patterns with a list of values only. Everything else in the record is matched as it stands.
    #[must_use]
    pub fn matches_sqs(&self, record: &Value) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let Some(fields) = record.as_object() else { return false };
        let body = if self.about_body { Body::of(fields) } else { Body::Missing };
        let message = Message { fields, body };
        self.patterns.iter().any(|pattern| pattern.rule.among(&message) > Found::Nothing)
    }
}

/// A message's body in the form that it has.
enum Body<'r> {
    Missing,
    Plain(&'r Value),
    Json(Value),
}

impl<'r> Body<'r> {
    fn of(fields: &'r Map<String, Value>) -> Self {
        let Some(value) = fields.get("body") else { return Self::Missing };
        let text = value.as_str().unwrap_or_default();
        let json = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text));
        match json {
            Some(Ok(json)) => Self::Json(json),
            _ => Self::Plain(value),
        }
    }
}

struct Message<'r> {
    fields: &'r Map<String, Value>,
    body: Body<'r>,
}

impl Fields for Message<'_> {
    fn scalars(&self, name: &str) -> Seen<'_> {
        match &self.body {
            _ if name != "body" => self.fields.scalars(name),
            Body::Missing => Seen::Nothing,
            Body::Plain(text) => Seen::Value(text),
            Body::Json(_) => Seen::OtherForm,
        }
    }

    fn inside(&self, name: &str) -> Seen<'_> {
        match &self.body {
            _ if name != "body" => self.fields.inside(name),
            Body::Missing => Seen::Nothing,
            Body::Plain(_) => Seen::OtherForm,
            Body::Json(json) => Seen::Value(json),
        }
    }
}
