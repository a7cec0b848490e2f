//! Markers of lists: opaque to callers, and naming the last entry that was shown, so that the next page is right whatever
//! is created or deleted meanwhile.

use crate::messages;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::str::FromStr;
use types::ServiceError;

/// A marker for the page after this entry.
pub(crate) fn after(last: impl std::fmt::Display) -> String {
    URL_SAFE_NO_PAD.encode(last.to_string())
}

/// The entry that a caller's marker names; `None` for the first page.
pub(crate) fn read<T: FromStr>(marker: Option<&str>) -> Result<Option<T>, ServiceError> {
    let Some(marker) = marker.filter(|text| !text.is_empty()) else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.parse().ok()).map(Some).ok_or_else(messages::bad_marker)
}
