//! Event patterns: any text is refused or compiled without a panic, and what was compiled is matched without one.

use pattern::{CHARACTERS_MOST, FILTERS, Filters, Pattern};
use serde_json::{Value, json};

/// A pattern in the first line, an event in JSON in the others.
///
/// # Panics
/// Where a filter of a queue sees something else in a JSON body than the pattern in the same JSON.
pub fn pattern(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (text, event) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(pattern) = Pattern::parse(text, CHARACTERS_MOST / 2) else { return };
    let Ok(event) = serde_json::from_str::<Value>(event) else { return };
    // Printed and read again, as a queue's body is, so that both see the same floats.
    let body = event.to_string();
    let Ok(event) = serde_json::from_str::<Value>(&body) else { return };
    let matched = pattern.matches(&event);
    // One level deeper it may be too deep.
    let about_body = format!("{{\"body\":{text}}}");
    let Ok(filters) = Filters::parse(&[Some(&about_body)], FILTERS) else { return };
    if event.is_object() {
        assert_eq!(filters.matches_sqs(&json!({"body": body})), matched, "{text} on {event}");
    }
}
