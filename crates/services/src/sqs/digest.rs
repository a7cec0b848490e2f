//! The MD5s by which clients check that a message arrived as it was sent. They protect nothing and are used for nothing else.
//!
//! Source: SQS developer guide, "Calculating the MD5 message digest for message attributes": by name, each with the length of
//! its name, type and value as four bytes, big-endian, and a byte for the kind of the value before the value.

use api::sqs::MessageAttributeValue;
use md5::{Digest, Md5};
use std::collections::BTreeMap;

const TEXT: u8 = 1;
const BYTES: u8 = 2;

/// Of a body.
pub(super) fn of_body(body: &[u8]) -> String {
    hex(&Md5::digest(body))
}

/// Of attributes; `None` where there are none.
pub(super) fn of_attributes(attributes: &BTreeMap<String, MessageAttributeValue>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        part(&mut digest, name.as_bytes());
        part(&mut digest, attribute.data_type.as_bytes());
        let (kind, value) = match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), _) => (TEXT, text.as_bytes()),
            (None, Some(bytes)) => (BYTES, &bytes[..]),
            (None, None) => (TEXT, &[][..]),
        };
        digest.update([kind]);
        part(&mut digest, value);
    }
    Some(hex(&digest.finalize()))
}

/// A part with its length before it; parts of more than 4 GiB don't come in.
fn part(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &str, value: &str) -> MessageAttributeValue {
        MessageAttributeValue {
            data_type: kind.to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
            string_list_values: None,
            binary_list_values: None,
        }
    }

    #[test]
    fn a_body_has_the_digest_of_rfc_1321() {
        assert_eq!(of_body(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }

    #[test]
    fn attributes_have_the_digest_that_clients_compute() {
        // From the bytes that the guide describes, put together by hand.
        let attributes = BTreeMap::from([("a".to_owned(), text("String", "b"))]);
        let bytes = b"\0\0\0\x01a\0\0\0\x06String\x01\0\0\0\x01b";
        assert_eq!(of_attributes(&attributes), Some(of_body(bytes)));
        assert_eq!(of_attributes(&BTreeMap::new()), None);
    }
}
