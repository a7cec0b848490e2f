//! What is kept with a message besides its body: sealed with it.

use api::sqs::MessageAttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use types::Timestamp;

/// The form of what is kept: the first byte on disk. Another one is another version's.
const FORM: u8 = 1;

/// Everything about a message that receivers can ask for and the queue doesn't know by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The sender's id.
    pub(super) sender: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<String, KeptAttribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deduplication: Option<String>,
    /// Where it came from, if it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved: Option<Moved>,
}

/// What a message that was moved between queues keeps of the queue it was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moved {
    /// Its id, given by the queue that it was sent to.
    pub(super) id: String,
    pub(super) sent: Timestamp,
    pub(super) first_received: Timestamp,
    /// How often it was received in other queues.
    pub(super) receives: u32,
    /// The ARN of the queue whose dead letter it is.
    pub(super) source: String,
}

/// A message's attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptAttribute {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// In base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

impl From<&MessageAttributeValue> for KeptAttribute {
    fn from(value: &MessageAttributeValue) -> Self {
        Self {
            kind: value.data_type.clone(),
            text: value.string_value.clone(),
            bytes: value.binary_value.as_ref().map(|bytes| STANDARD.encode(bytes)),
        }
    }
}

impl From<KeptAttribute> for MessageAttributeValue {
    fn from(kept: KeptAttribute) -> Self {
        Self {
            data_type: kept.kind,
            string_value: kept.text,
            binary_value: kept.bytes.and_then(|text| STANDARD.decode(text).ok()).map(Bytes::from),
            string_list_values: None,
            binary_list_values: None,
        }
    }
}

impl Kept {
    /// As it is handed to the queue.
    pub(super) fn bytes(&self) -> Result<Bytes, serde_json::Error> {
        let mut bytes = vec![FORM];
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes.into())
    }

    /// Reads what [`Kept::bytes`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        match bytes.split_first() {
            Some((&FORM, json)) => serde_json::from_slice(json).map_err(|error| error.to_string()),
            Some((form, _)) => {
                Err(format!("the form {form} is not known: a later version of Lambent wrote it"))
            }
            None => Err("it is empty".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What was written stays readable.
    #[test]
    fn the_first_form_is_read() {
        let text = br#"{"sender":"AIDA1","attributes":{"n":{"kind":"Number","text":"1"}},"moved":{"id":"i","sent":1,"first_received":2,"receives":3,"source":"arn"}}"#;
        let kept = Kept::read(&[&[1], &text[..]].concat()).unwrap();
        assert_eq!((kept.sender.as_str(), kept.moved.unwrap().receives), ("AIDA1", 3));
        assert!(Kept::read(&[]).is_err() && Kept::read(&[2]).is_err() && Kept::read(&[1]).is_err());
    }

    proptest! {
        #[test]
        fn attributes_come_back_as_they_were_sent(bytes in prop::collection::vec(any::<u8>(), 1..40), text in ".{1,20}") {
            for (string_value, binary_value) in [(Some(text), None), (None, Some(Bytes::from(bytes)))] {
                let value = MessageAttributeValue {
                    data_type: "X".to_owned(), string_value, binary_value, string_list_values: None, binary_list_values: None,
                };
                let kept = Kept {
                    attributes: BTreeMap::from([("a".to_owned(), KeptAttribute::from(&value))]),
                    ..Kept::default()
                };
                let read = Kept::read(&kept.bytes().unwrap()).unwrap();
                prop_assert_eq!(MessageAttributeValue::from(read.attributes["a"].clone()), value);
            }
        }
    }
}
