//! What a message may be: its characters, its attributes, its size.
//!
//! Source: API reference, SendMessage; "Amazon SQS message metadata" in the developer guide.

use super::messages;
use api::sqs::{MessageAttributeValue, MessageSystemAttributeValue};
use std::collections::BTreeMap;
use types::ServiceError;

/// Source: "Each message can have up to 10 attributes."
const ATTRIBUTES: usize = 10;
/// Source: "The message attribute name … can be up to 256 characters long."
const NAME_BYTES: usize = 256;
/// The only system attribute that senders give.
const TRACE: &str = "AWSTraceHeader";

/// A body and attributes, as they were sent.
pub(super) struct Content<'a> {
    pub(super) body: &'a str,
    pub(super) attributes: &'a BTreeMap<String, MessageAttributeValue>,
}

impl Content<'_> {
    /// What counts towards the limits, in bytes. Source: "The name, type, value and message body must not be empty …; all
    /// parts of the message attribute are part of the message size restriction."
    pub(super) fn bytes(&self) -> usize {
        let value = |one: &MessageAttributeValue| {
            one.string_value.as_ref().map_or(0, String::len)
                + one.binary_value.as_ref().map_or(0, |b| b.len())
        };
        let attributes = self.attributes.iter();
        self.body.len()
            + attributes.map(|(name, one)| name.len() + one.data_type.len() + value(one)).sum::<usize>()
    }

    /// Whether a queue that takes messages of `most` bytes takes it.
    pub(super) fn check(&self, most: u32) -> Result<(), ServiceError> {
        if self.body.is_empty() {
            return Err(messages::missing("MessageBody"));
        }
        if !self.body.chars().all(is_allowed) {
            return Err(messages::bad_characters());
        }
        if self.attributes.len() > ATTRIBUTES {
            return Err(messages::too_many_attributes(self.attributes.len(), ATTRIBUTES));
        }
        for (name, value) in self.attributes {
            check_attribute(name, value)?;
        }
        if self.bytes() > most as usize { Err(messages::too_long(most)) } else { Ok(()) }
    }
}

/// Source: "The following Unicode characters are allowed: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to
/// #x10FFFF".
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn check_attribute(name: &str, value: &MessageAttributeValue) -> Result<(), ServiceError> {
    check_name(name)?;
    if value.string_list_values.as_ref().is_some_and(|list| !list.is_empty())
        || value.binary_list_values.as_ref().is_some_and(|list| !list.is_empty())
    {
        return Err(messages::lists_in_attribute(name));
    }
    if value.data_type.is_empty() {
        return Err(messages::attribute_without_type(name));
    }
    let kind = value.data_type.split('.').next().unwrap_or_default();
    let is_empty = match kind {
        "String" | "Number" => value.string_value.as_ref().is_none_or(String::is_empty),
        "Binary" => value.binary_value.as_ref().is_none_or(|bytes| bytes.is_empty()),
        _ => return Err(messages::bad_attribute_type(name)),
    };
    let both = value.string_value.is_some() && value.binary_value.is_some();
    if is_empty || both {
        return Err(messages::attribute_without_value(name, kind));
    }
    let text = value.string_value.as_deref().unwrap_or_default();
    if kind == "Number" && !text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(messages::not_a_number(name));
    }
    if text.chars().all(is_allowed) { Ok(()) } else { Err(messages::bad_characters()) }
}

fn check_name(name: &str) -> Result<(), ServiceError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(messages::attribute_name_length());
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err(messages::reserved_attribute_name());
    }
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if dots || !name.bytes().all(fits) { Err(messages::bad_attribute_name(name)) } else { Ok(()) }
}

/// The trace header among system attributes.
pub(super) fn trace(
    system: &BTreeMap<String, MessageSystemAttributeValue>,
) -> Result<Option<String>, ServiceError> {
    if let Some(other) = system.keys().find(|name| *name != TRACE) {
        return Err(messages::unknown_system_attribute(other));
    }
    let Some(given) = system.get(TRACE) else { return Ok(None) };
    match &given.string_value {
        Some(text) if given.data_type == "String" && !text.is_empty() && text.chars().all(is_allowed) => {
            Ok(Some(text.clone()))
        }
        _ => Err(messages::bad_trace()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: &str, text: Option<&str>, bytes: Option<&'static [u8]>) -> MessageAttributeValue {
        MessageAttributeValue {
            data_type: kind.to_owned(),
            string_value: text.map(str::to_owned),
            binary_value: bytes.map(bytes::Bytes::from_static),
            string_list_values: None,
            binary_list_values: None,
        }
    }

    fn checked(body: &str, name: &str, one: MessageAttributeValue) -> Result<(), ServiceError> {
        Content { body, attributes: &BTreeMap::from([(name.to_owned(), one)]) }.check(1024)
    }

    #[test]
    fn attributes_have_names_types_and_values() {
        for (name, one) in [
            ("a", value("String", Some("x"), None)),
            ("a.b-c_D", value("Number.int", Some("-1.5e3"), None)),
            ("aws", value("Binary.png", None, Some(b"x"))),
        ] {
            checked("b", name, one).unwrap();
        }
        let long = "x".repeat(257);
        for (name, one) in [
            ("a", value("", Some("x"), None)),
            ("a", value("Text", Some("x"), None)),
            ("a", value("String", Some(""), None)),
            ("a", value("String", None, Some(b"x"))),
            ("a", value("Binary", None, Some(b""))),
            ("a", value("Number", Some("x"), None)),
            ("a", value("String", Some("x"), Some(b"x"))),
            ("a", value("String", Some("\u{1}"), None)),
            ("", value("String", Some("x"), None)),
            (".a", value("String", Some("x"), None)),
            ("a..b", value("String", Some("x"), None)),
            ("a b", value("String", Some("x"), None)),
            ("AWS.a", value("String", Some("x"), None)),
            (&long, value("String", Some("x"), None)),
        ] {
            assert!(checked("b", name, one).is_err(), "{name}");
        }
    }

    #[test]
    fn bodies_have_allowed_characters_and_a_size() {
        let none = BTreeMap::new();
        let check = |body: &str| Content { body, attributes: &none }.check(1024);
        check("\t\n\r é \u{1f600}").unwrap();
        check(&"x".repeat(1024)).unwrap();
        assert_eq!(check("").unwrap_err().code, "MissingParameter");
        assert_eq!(check("\u{b}").unwrap_err().code, "InvalidMessageContents");
        assert_eq!(check("\u{ffff}").unwrap_err().code, "InvalidMessageContents");
        assert_eq!(check(&"x".repeat(1025)).unwrap_err().code, "InvalidParameterValue");
    }
}
