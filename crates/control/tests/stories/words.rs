//! Words that the stories of this crate share.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Base64, as a zip travels.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// An UpdateFunctionCode request with one file of this content.
pub(crate) fn code(content: &[u8]) -> Value {
    json!({"ZipFile": base64(&testkit::zip(content))})
}

/// An InvalidParameterValueException with this message.
pub(crate) fn invalid(message: &str) -> (u16, String, String) {
    (400, "InvalidParameterValueException".to_owned(), message.to_owned())
}
