//! Receipt handles, and message ids: both say which message is meant, and only this queue can have made them.
//!
//! A handle holds the message's lease and when it was taken, and a code over both under the queue's own secret. Invariant:
//! what is not of this queue, or was changed, is no handle: whoever may use one queue can't touch another's messages.

use super::messages;
use super::records::QueueRecord;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use queue::{LeaseToken, Sequence};
use types::{ServiceError, Timestamp};

/// Sequence, fence and time.
const SAID_BYTES: usize = 8 + 4 + 8;
const CODE_BYTES: usize = 32;

/// A receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) lease: LeaseToken,
    /// When the message was received.
    pub(super) taken: Timestamp,
}

fn key(record: &QueueRecord) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, record.secret.as_bytes())
}

impl Handle {
    fn said(self) -> [u8; SAID_BYTES] {
        let mut said = [0; SAID_BYTES];
        said[..8].copy_from_slice(&self.lease.sequence.0.to_be_bytes());
        said[8..12].copy_from_slice(&self.lease.fence.to_be_bytes());
        said[12..].copy_from_slice(&self.taken.millis().to_be_bytes());
        said
    }

    /// As clients get it.
    pub(super) fn text(self, record: &QueueRecord) -> String {
        let said = self.said();
        let code = hmac::sign(&key(record), &said);
        STANDARD.encode([&said[..], code.as_ref()].concat())
    }

    /// Reads what clients give back.
    pub(super) fn read(text: &str, record: &QueueRecord) -> Result<Self, ServiceError> {
        let wrong = || messages::bad_handle(text);
        if text.len() > 2 * (SAID_BYTES + CODE_BYTES) {
            return Err(wrong());
        }
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        let (said, code) = bytes.split_first_chunk::<SAID_BYTES>().ok_or_else(wrong)?;
        hmac::verify(&key(record), said, code).map_err(|_| wrong())?;
        let number =
            |from: usize| said[from..from + 8].iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        let fence = said[8..12].iter().fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
        let taken = Timestamp(i64::try_from(number(12)).map_err(|_| wrong())?);
        Ok(Self { lease: LeaseToken { sequence: Sequence(number(0)), fence }, taken })
    }
}

/// The id of a message: a UUID that its number in this queue always gives, so that a message that was sent twice within the time
/// of deduplication has one.
pub(super) fn message_id(record: &QueueRecord, sequence: Sequence) -> String {
    let code = hmac::sign(&key(record), &[&b"id"[..], &sequence.0.to_be_bytes()].concat());
    let mut id = [0; 16];
    id.copy_from_slice(&code.as_ref()[..16]);
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    let digits: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn record(secret: &str) -> QueueRecord {
        QueueRecord {
            id: "1".to_owned(),
            secret: secret.to_owned(),
            created: Timestamp(0),
            modified: Timestamp(0),
            attributes: crate::sqs::attributes::Attributes::default(),
            tags: BTreeMap::new(),
            purged: None,
        }
    }

    #[test]
    fn a_handle_is_good_in_its_queue_and_unchanged_only() {
        let lease = LeaseToken { sequence: Sequence(0x0102_0304_0506_0708), fence: 0x0a0b_0c0d };
        let handle = Handle { lease, taken: Timestamp(1_795_000_000_000) };
        let (own, other) = (record("a"), record("b"));
        let text = handle.text(&own);
        assert_eq!(Handle::read(&text, &own).unwrap(), handle);
        assert_eq!(Handle::read(&text, &other).unwrap_err().code, "ReceiptHandleIsInvalid");
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(Handle::read(std::str::from_utf8(&changed).unwrap(), &own).is_err(), "{at}");
        }
        for bad in ["", "AAAA", &text[4..], &"A".repeat(10_000), "not base64!"] {
            assert!(Handle::read(bad, &own).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_a_uuid_and_its_messages_own() {
        let id = message_id(&record("a"), Sequence(1));
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        assert_eq!(id, message_id(&record("a"), Sequence(1)));
        assert_ne!(id, message_id(&record("a"), Sequence(2)));
        assert_ne!(id, message_id(&record("b"), Sequence(1)));
    }
}
