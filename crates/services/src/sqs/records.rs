//! What is stored of queues. Messages are in the crate `queue`, policies in `store::records`, where the pipeline reads them.

use super::attributes::Attributes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{Key, KeyError, Prefix, Record};
use types::{AccountId, QueueRef, Timestamp};

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueRecord {
    /// Tells it from earlier queues of the same name, whose messages are not its own.
    pub(super) id: String,
    /// What receipt handles and message ids are made with; 64 hexadecimal digits.
    pub(super) secret: String,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) attributes: Attributes,
    pub(super) tags: BTreeMap<String, String>,
    /// When all its messages were last removed on demand.
    pub(super) purged: Option<Timestamp>,
}

impl QueueRecord {
    pub(super) fn place(queue: &QueueRef) -> Result<Key, KeyError> {
        Key::of([queue.account.as_str(), queue.name()])
    }

    pub(super) fn all_of(account: AccountId) -> Result<Prefix, KeyError> {
        Key::prefix([account.as_str()])
    }
}

impl Record for QueueRecord {
    const TABLE: &'static str = "queues";
    const VERSION: u16 = 1;
}

/// One queue that sends its dead letters to another: found by the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeadLetterSourceRecord {}

impl DeadLetterSourceRecord {
    pub(super) fn place(target: &QueueRef, source: &QueueRef) -> Result<Key, KeyError> {
        Key::of([target.account.as_str(), target.name(), source.name()])
    }

    pub(super) fn all_of(target: &QueueRef) -> Result<Prefix, KeyError> {
        Key::prefix([target.account.as_str(), target.name()])
    }
}

impl Record for DeadLetterSourceRecord {
    const TABLE: &'static str = "queue-dead-letter-sources";
    const VERSION: u16 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqs::redrive::{RedriveAllowPolicy, RedrivePolicy};

    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

    #[test]
    fn stored_queues_stay_readable() {
        let redrive =
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":3}"#;
        let attributes = Attributes {
            redrive: Some(RedrivePolicy::read(redrive).unwrap()),
            redrive_allow: Some(RedriveAllowPolicy::read(r#"{"redrivePermission":"denyAll"}"#).unwrap()),
            ..Attributes::default()
        };
        store::golden::check(
            GOLDEN,
            &QueueRecord {
                id: "0123456789abcdef".to_owned(),
                secret: "ab".repeat(32),
                created: Timestamp(1_795_000_000_000),
                modified: Timestamp(1_795_000_000_001),
                attributes,
                tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
                purged: Some(Timestamp(1_795_000_000_002)),
            },
        );
        store::golden::check(GOLDEN, &DeadLetterSourceRecord {});
    }
}
