//! One value of a condition, made ready to be compared without allocating.

use super::pattern::{Case, Pattern};
use chrono::{DateTime, NaiveDate, NaiveTime};
use std::cmp::Ordering;
use std::net::IpAddr;

/// How a condition operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Text(Case),
    Like,
    Arn,
    Number(Order),
    Date(Order),
    Bool,
    Address,
    /// Exists in IAM, but we can't evaluate it: BinaryEquals.
    Opaque,
}

/// Which way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn of_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "Equals" => Self::Equal,
            "LessThan" => Self::Less,
            "LessThanEquals" => Self::LessOrEqual,
            "GreaterThan" => Self::Greater,
            "GreaterThanEquals" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Comparison {
    /// The operator, and whether it is negated; `None` where IAM has no such operator.
    pub(crate) fn of_operator(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "StringEquals" => (Self::Text(Case::Sensitive), false),
            "StringNotEquals" => (Self::Text(Case::Sensitive), true),
            "StringEqualsIgnoreCase" => (Self::Text(Case::Insensitive), false),
            "StringNotEqualsIgnoreCase" => (Self::Text(Case::Insensitive), true),
            "StringLike" => (Self::Like, false),
            "StringNotLike" => (Self::Like, true),
            "ArnEquals" | "ArnLike" => (Self::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Self::Arn, true),
            "NumericNotEquals" => (Self::Number(Order::Equal), true),
            "DateNotEquals" => (Self::Date(Order::Equal), true),
            "Bool" => (Self::Bool, false),
            "IpAddress" => (Self::Address, false),
            "NotIpAddress" => (Self::Address, true),
            "BinaryEquals" => (Self::Opaque, false),
            _ => {
                let number = name.strip_prefix("Numeric").and_then(Order::of_suffix).map(Self::Number);
                let date = || name.strip_prefix("Date").and_then(Order::of_suffix).map(Self::Date);
                (number.or_else(date)?, false)
            }
        })
    }

    /// A policy's value for this comparison; `None` where it is of another kind.
    pub(crate) fn operand(self, text: &str) -> Option<Operand> {
        Some(match self {
            Self::Text(case) => Operand::Text(text.into(), case),
            Self::Like => Operand::Like(Pattern::new(text, Case::Sensitive)),
            Self::Arn => {
                let parts: Vec<Pattern> =
                    text.splitn(6, ':').map(|part| Pattern::new(part, Case::Sensitive)).collect();
                Operand::Arn(Box::new(parts.try_into().ok()?))
            }
            Self::Number(order) => Operand::Number(number(text)?, order),
            Self::Date(order) => Operand::Date(date(text)?, order),
            Self::Bool => Operand::Bool(truth(text)?),
            Self::Address => block(text)?,
            Self::Opaque => return None,
        })
    }
}

/// A policy's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Text(Box<str>, Case),
    Like(Pattern),
    /// Each of the six parts is compared by itself.
    Arn(Box<[Pattern; 6]>),
    /// In units of 10^-9.
    Number(i128, Order),
    /// In nanoseconds since the epoch.
    Date(i128, Order),
    Bool(bool),
    /// The leading bits, and how many they are.
    Address(IpAddr, u32),
}

impl Operand {
    /// Whether the request's value fits; a value of another kind does not.
    pub(crate) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Text(text, Case::Sensitive) => **text == *value,
            Self::Text(text, Case::Insensitive) => folded(text).eq(folded(value)),
            Self::Like(pattern) => pattern.matches(value),
            Self::Arn(patterns) => {
                let mut parts = value.splitn(6, ':');
                patterns.iter().all(|pattern| parts.next().is_some_and(|part| pattern.matches(part)))
            }
            Self::Number(operand, order) => number(value).is_some_and(|n| order.holds(n.cmp(operand))),
            Self::Date(operand, order) => date(value).is_some_and(|d| order.holds(d.cmp(operand))),
            Self::Bool(operand) => truth(value) == Some(*operand),
            Self::Address(network, bits) => {
                value.parse().is_ok_and(|address| is_within(address, *network, *bits))
            }
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// A decimal number with at most 18 digits before and 9 behind the point.
fn number(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let fits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !fits(whole, 18) || !fits(fraction, 9) {
        return None;
    }
    let scale = 10i128.pow(9 - u32::try_from(fraction.len()).ok()?);
    let value = whole.parse::<i128>().ok()? * 1_000_000_000 + fraction.parse::<i128>().ok()? * scale;
    Some(if negative { -value } else { value })
}

/// `2026-11-24`, `2026-11-24T06:35:00Z` with any offset and fraction, or seconds since the epoch.
fn date(text: &str) -> Option<i128> {
    if (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.parse::<i128>().ok()? * 1_000_000_000);
    }
    let time = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) if text.len() == 10 => day.and_time(NaiveTime::MIN).and_utc(),
        _ => DateTime::parse_from_rfc3339(text).ok()?.to_utc(),
    };
    Some(i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos()))
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// An address, or `address/bits`.
fn block(text: &str) -> Option<Operand> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) if bits.bytes().all(|b| b.is_ascii_digit()) => {
            (address, Some(bits.parse::<u32>().ok()?))
        }
        Some(_) => return None,
        None => (text, None),
    };
    let network: IpAddr = address.parse().ok()?;
    let most = if network.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Operand::Address(network, bits))
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(operator: &str, operand: &str, value: &str) -> bool {
        let (comparison, negated) = Comparison::of_operator(operator).unwrap();
        comparison.operand(operand).unwrap().matches(value) != negated
    }

    #[test]
    fn texts_and_arns() {
        assert!(fits("StringEquals", "a*", "a*") && !fits("StringEquals", "a*", "ab"));
        assert!(fits("StringEqualsIgnoreCase", "ÄB", "äb") && fits("StringNotEquals", "a", "A"));
        assert!(fits("StringLike", "a?c*", "abcd") && !fits("StringLike", "a?c*", "ABC"));
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:echo";
        assert!(fits("ArnLike", "arn:aws:lambda:*:000000000000:function:*", arn));
        assert!(fits("ArnEquals", "arn:aws:lambda:us-*-1:*:*", arn));
        assert!(!fits("ArnLike", "arn:aws:*:function:echo:x:y", arn), "a wildcard stays in its part");
        assert!(!fits("ArnLike", "arn:aws:lambda:*:000000000000:function:*", "echo"));
        assert_eq!(Comparison::Arn.operand("echo"), None);
    }

    #[test]
    fn numbers_and_dates() {
        assert!(fits("NumericEquals", "1.50", "1.5") && fits("NumericLessThan", "-1", "-1.000000001"));
        assert!(fits("NumericGreaterThanEquals", "10", "10") && fits("NumericNotEquals", "10", "9"));
        for bad in ["", "1e3", "NaN", "+1", "1.", ".5", "0x1", "1234567890123456789"] {
            assert_eq!(number(bad), None, "{bad}");
        }
        assert!(fits("DateGreaterThan", "2026-11-24T06:35:00Z", "2026-11-24T06:35:00.001Z"));
        assert!(fits("DateEquals", "2026-11-24T08:35:00+02:00", "1795502100"));
        assert!(fits("DateLessThanEquals", "2026-11-24", "2026-11-24T00:00:00Z"));
        for bad in ["", "24.11.2026", "2026-13-01", "2026-1-1", "2026-11-24T06:35", "-1"] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_and_truths() {
        assert!(
            fits("IpAddress", "10.0.0.0/8", "10.255.0.1") && fits("NotIpAddress", "10.0.0.0/8", "11.0.0.1")
        );
        assert!(fits("IpAddress", "0.0.0.0/0", "1.2.3.4") && fits("IpAddress", "::/0", "::1"));
        assert!(fits("IpAddress", "127.0.0.1", "127.0.0.1") && !fits("IpAddress", "127.0.0.1", "127.0.0.2"));
        assert!(fits("IpAddress", "2001:db8::/32", "2001:db8:1::1") && !fits("IpAddress", "::/0", "1.2.3.4"));
        for bad in ["10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/", "x"] {
            assert_eq!(block(bad), None, "{bad}");
        }
        assert!(fits("Bool", "true", "True") && !fits("Bool", "false", "0"));
    }

    #[test]
    fn operators_that_do_not_exist_are_known_as_such() {
        for name in ["", "Equals", "stringequals", "NumericNot", "StringEqualsIfExists", "DateLike", "Null"] {
            assert_eq!(Comparison::of_operator(name), None, "{name}");
        }
    }
}
