//! ISO-8601 basic format, `20150830T123600Z`: the only form of time that a signature carries.

use chrono::{DateTime, NaiveDate};
use types::Timestamp;

/// Reads exactly `YYYYMMDDTHHMMSSZ`; the years 0001 to 9999.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    if bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
    };
    let year = i32::try_from(number(0..4)?).ok().filter(|year| *year > 0)?;
    let date = NaiveDate::from_ymd_opt(year, number(4..6)?, number(6..8)?)?;
    let time = date.and_hms_opt(number(9..11)?, number(11..13)?, number(13..15)?)?;
    Some(Timestamp(time.and_utc().timestamp_millis()))
}

/// Writes `YYYYMMDDTHHMMSSZ`, whole seconds rounded down; times that have no such form are those of the epoch.
pub(crate) fn format(time: Timestamp) -> String {
    DateTime::from_timestamp(time.seconds(), 0).unwrap_or_default().format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_basic_format_is_read() {
        assert_eq!(parse("20150830T123600Z"), Some(Timestamp(1_440_938_160_000)));
        assert_eq!(format(Timestamp(1_440_938_160_999)), "20150830T123600Z");
        for bad in [
            "",
            "2015",
            "20150830T123600",
            "2015-08-30T12:36Z",
            "20151330T123600Z",
            "20150230T123600Z",
            "20150830T243600Z",
            "+0150830T123600Z",
            "Sun, 30 Aug 2015",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn times_round_trip(seconds in 0i64..253_402_300_799) {
            let time = Timestamp(seconds * 1000);
            prop_assert_eq!(parse(&format(time)), Some(time));
        }

        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            parse(&text);
        }
    }
}
