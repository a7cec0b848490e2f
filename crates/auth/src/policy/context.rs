//! What is known about a request besides action and resource: the values that conditions look at.

/// Condition keys with their values. Keys are compared without regard to case, as IAM does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    entries: Vec<(String, Vec<String>)>,
}

impl Context {
    /// The same context with one more value for a key; a key may have several.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        match self.entries.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, values)) => values.push(value.into()),
            None => self.entries.push((key.to_owned(), vec![value.into()])),
        }
        self
    }

    /// The values of a key; `None` where the request says nothing about it.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        let entry = self.entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        entry.map(|(_, values)| values.as_slice())
    }
}
