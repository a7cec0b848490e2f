//! What a caller sends along with an invocation: checked before any environment is touched.

use crate::messages;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;
use types::ServiceError;

/// The event must be JSON; nothing at all means `{}`. The value is not built, only walked through.
pub(crate) fn check(payload: &Bytes) -> Result<(), ServiceError> {
    if payload.is_empty() {
        return Ok(());
    }
    let text =
        std::str::from_utf8(payload).map_err(|error| messages::payload_not_json(&error.to_string()))?;
    serde_json::from_str::<IgnoredAny>(text)
        .map(|_| ())
        .map_err(|error| messages::payload_not_json(&error.to_string()))
}

/// The client context: base64 of a JSON object, handed to the function as JSON.
pub(crate) fn client_context(encoded: &str) -> Result<String, ServiceError> {
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = decoded.ok_or_else(messages::client_context_unreadable)?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        // Written anew, so that it has no line breaks: it travels in a header.
        Ok(value) if value.is_object() => Ok(value.to_string()),
        _ => Err(messages::client_context_unreadable()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_any_kind_is_an_event() {
        for event in ["", "{}", "null", "\"text\"", " [1, 2] ", "{\"a\":\"ä\"}"] {
            assert!(check(&Bytes::copy_from_slice(event.as_bytes())).is_ok(), "{event}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_the_parsers_reason() {
        let prefix = "Could not parse request body into json: Could not parse payload into json: ";
        for event in [&b"{"[..], b"{}x", b"\xff", b"\"\xff\"", b"{'a':1}", b"nul"] {
            let error = check(&Bytes::copy_from_slice(event)).unwrap_err();
            assert!(error.message.starts_with(prefix), "{error}");
        }
    }

    #[test]
    fn deep_nesting_costs_nothing_and_breaks_nothing() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(check(&Bytes::from(deep)).is_ok());
    }

    #[test]
    fn a_client_context_is_a_json_object() {
        assert_eq!(client_context(&STANDARD.encode("{\n\"a\": 1}")).unwrap(), "{\"a\":1}");
        for bad in ["%%%".to_owned(), STANDARD.encode("[1]"), STANDARD.encode("x"), STANDARD.encode(b"\xff")]
        {
            assert!(client_context(&bad).is_err(), "{bad}");
        }
    }
}
