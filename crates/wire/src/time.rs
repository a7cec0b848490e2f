//! Points in time in the three forms that the protocols write.
//!
//! Invariant: milliseconds in, milliseconds out; finer fractions are cut off.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

use crate::schema::TimestampFormat;

/// Milliseconds since 1970, as members of plain structs hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// The text of a point in time; `None` where the calendar doesn't reach.
pub(crate) fn format(millis: i64, format: TimestampFormat) -> Option<String> {
    let time = DateTime::<Utc>::from_timestamp_millis(millis)?;
    Some(match format {
        TimestampFormat::EpochSeconds => epoch(millis),
        TimestampFormat::DateTime if millis % 1000 == 0 => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        TimestampFormat::DateTime => time.to_rfc3339_opts(SecondsFormat::Millis, true),
        TimestampFormat::HttpDate => time.format(HTTP_DATE).to_string(),
    })
}

/// Seconds with at most three places of fraction: `1.5`, `-0.25`, `3`.
pub(crate) fn epoch(millis: i64) -> String {
    let (sign, size) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    let (seconds, fraction) = (size / 1000, size % 1000);
    if fraction == 0 {
        return format!("{sign}{seconds}");
    }
    format!("{sign}{seconds}.{fraction:03}").trim_end_matches('0').to_owned()
}

/// A point in time from its text; `None` where the text has another form.
pub(crate) fn parse(text: &str, format: TimestampFormat) -> Option<i64> {
    match format {
        TimestampFormat::EpochSeconds => from_seconds(text.parse().ok()?),
        TimestampFormat::DateTime => Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis()),
        TimestampFormat::HttpDate => {
            Some(NaiveDateTime::parse_from_str(text, HTTP_DATE).ok()?.and_utc().timestamp_millis())
        }
    }
}

/// From seconds since 1970; `None` where they are no number or beyond the calendar.
pub(crate) fn from_seconds(seconds: f64) -> Option<i64> {
    let millis = (seconds * 1000.0).round();
    // Beyond 2^53 neighbouring milliseconds are one number, and the calendar ends before that.
    (millis.is_finite() && millis.abs() <= 9_007_199_254_740_991.0)
        .then_some(millis as i64)
        .filter(|millis| DateTime::<Utc>::from_timestamp_millis(*millis).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_are_those_of_the_protocols() {
        assert_eq!(epoch(1_500), "1.5");
        assert_eq!(epoch(-250), "-0.25");
        assert_eq!(
            format(1_763_966_100_000, TimestampFormat::DateTime).as_deref(),
            Some("2025-11-24T06:35:00Z")
        );
        let date = format(1_763_966_100_000, TimestampFormat::HttpDate);
        assert_eq!(date.as_deref(), Some("Mon, 24 Nov 2025 06:35:00 GMT"));
        assert_eq!(
            parse("2025-11-24T07:35:00.250+01:00", TimestampFormat::DateTime),
            Some(1_763_966_100_250)
        );
        assert_eq!(parse("tomorrow", TimestampFormat::DateTime), None);
        assert_eq!(from_seconds(f64::NAN), None);
        assert_eq!(from_seconds(1e300), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_itself(millis in -60_000_000_000_000_i64..250_000_000_000_000) {
            for form in [TimestampFormat::EpochSeconds, TimestampFormat::DateTime] {
                let text = format(millis, form).unwrap();
                prop_assert_eq!(parse(&text, form), Some(millis));
            }
            let whole = millis / 1000 * 1000;
            let text = format(whole, TimestampFormat::HttpDate).unwrap();
            prop_assert_eq!(parse(&text, TimestampFormat::HttpDate), Some(whole));
        }
    }
}
