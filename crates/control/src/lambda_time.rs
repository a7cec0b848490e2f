//! Lambda's way of writing a time: `2026-11-24T06:35:00.000+0000`.

use chrono::DateTime;
use types::Timestamp;

/// The time as Lambda's `LastModified` shows it.
pub(crate) fn format(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.millis())
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%S%.3f+0000")
        .to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_has_milliseconds_and_a_zone_without_colon() {
        assert_eq!(super::format(types::Timestamp(1_795_502_100_007)), "2026-11-24T06:35:00.007+0000");
    }
}
