//! What batches have in common: up to ten entries, each with an id, and an answer for each.

use super::messages;
use api::sqs::BatchResultErrorEntry;
use std::collections::HashSet;
use types::{Fault, ServiceError};

/// Source: "the maximum number of entries you can include in a single … request is 10".
const ENTRIES: usize = 10;
/// Source: API reference, the entries' Id: "up to 80 characters … alphanumeric characters, hyphens(-), and underscores (_)".
const ID_BYTES: usize = 80;

/// Whether the ids are those of a batch; `entry` is the name of its entries.
pub(super) fn check<'i>(
    ids: impl ExactSizeIterator<Item = &'i str> + Clone,
    entry: &str,
) -> Result<(), ServiceError> {
    match ids.len() {
        0 => return Err(messages::empty_batch(entry)),
        count if count > ENTRIES => return Err(messages::too_many_entries(count, ENTRIES)),
        _ => {}
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let is_id = |id: &str| (1..=ID_BYTES).contains(&id.len()) && id.bytes().all(fits);
    if !ids.clone().all(is_id) {
        return Err(messages::bad_entry_id());
    }
    let mut seen = HashSet::new();
    match ids.into_iter().find(|id| !seen.insert(*id)) {
        Some(twice) => Err(messages::id_twice(twice)),
        None => Ok(()),
    }
}

/// An entry that failed by itself.
pub(super) fn failed(id: String, error: &ServiceError) -> BatchResultErrorEntry {
    if let Some(cause) = &error.operator {
        tracing::error!(code = error.code, cause, "an entry of a batch failed");
    }
    BatchResultErrorEntry {
        id,
        sender_fault: error.fault == Fault::Caller,
        code: error.code.to_owned(),
        message: Some(error.message.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_few_distinct_and_plain() {
        let code = |ids: &[&str]| check(ids.iter().copied(), "Entry").map_err(|error| error.code);
        let eleven: Vec<String> = (0..11).map(|n| n.to_string()).collect();
        let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
        assert_eq!(code(&["a", "B-_9"]), Ok(()));
        assert_eq!(code(&eleven[..10]), Ok(()));
        assert_eq!(code(&[]), Err("EmptyBatchRequest"));
        assert_eq!(code(&eleven), Err("TooManyEntriesInBatchRequest"));
        assert_eq!(code(&["a", "a"]), Err("BatchEntryIdsNotDistinct"));
        for bad in ["", "a b", "é", &"x".repeat(81)] {
            assert_eq!(code(&[bad]), Err("InvalidBatchEntryId"), "{bad}");
        }
    }
}
