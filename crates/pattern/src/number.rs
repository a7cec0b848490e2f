//! Numbers as patterns compare them.
//!
//! Source: "limited to values between -5.0e9 and +5.0e9 inclusive, with 15 digits of precision, or six digits to the
//! right of the decimal point". Within these limits a number is a count of millionths, so that 300, 300.0 and 3e2 are
//! the same, and what differs in the seventh digit only is so too. Outside of them numbers are only equal or not.

use serde_json::Number;

use crate::error::PatternError;
use crate::tree::Tree;

/// The largest number that has an order, in millionths; the smallest is its negative.
const LARGEST: i64 = 5_000_000_000 * MILLION;
const MILLION: i64 = 1_000_000;

/// A number that is compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Comparable {
    /// Within the limits.
    Millionths(i64),
    /// Outside of them: an account's id, for instance. An integer never equals one written as a fraction or with an exponent.
    Outside(Number),
}

impl Comparable {
    pub(crate) fn of(number: &Number) -> Self {
        let millionths = match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.checked_mul(MILLION),
            // Limits that a float holds exactly, so that nothing is cut off; an integer above i64 is far outside.
            (None, Some(float)) if float.abs() <= 5e9 => Some(rounded(float)),
            _ => None,
        };
        match millionths {
            Some(count) if count.abs() <= LARGEST => Self::Millionths(count),
            _ => Self::Outside(number.clone()),
        }
    }
}

/// To the nearest millionth; the caller has bounded it to 5e9, far inside of what fits.
#[expect(clippy::cast_possible_truncation, reason = "bounded by the caller")]
fn rounded(float: f64) -> i64 {
    (float * 1e6).round() as i64
}

/// The numbers from one to another, both included, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    low: i64,
    high: i64,
}

impl Range {
    pub(crate) fn holds(self, number: &Number) -> bool {
        matches!(Comparable::of(number), Comparable::Millionths(count) if self.low <= count && count <= self.high)
    }

    /// Reads the value of `numeric`: an operator and a number, or two of each for a range.
    pub(crate) fn read(value: &Tree) -> Result<Self, PatternError> {
        let Tree::List(items) = value else { return Err(PatternError::NumericNotArray) };
        let (operator, rest) = match items.split_first() {
            Some((Tree::Text(operator), rest)) => (operator.as_str(), rest),
            Some((other, _)) => return Err(PatternError::NumericMember(other.to_string())),
            // The service reads on and finds the end of the list.
            None => return Err(PatternError::NumericMember("]".to_owned())),
        };
        if !["=", "<", "<=", ">", ">="].contains(&operator) {
            return Err(PatternError::NumericOperator(operator.to_owned()));
        }
        let (bound, rest) = number(operator, rest)?;
        match (operator, rest) {
            ("=", []) => Ok(Self { low: bound, high: bound }),
            ("<=", []) => Ok(Self { low: -LARGEST, high: bound }),
            ("<", []) => Ok(Self { low: -LARGEST, high: bound - 1 }),
            (">=", _) => Self::close(bound, bound, rest),
            (">", _) => Self::close(bound, bound + 1, rest),
            _ => Err(PatternError::TooManyElements),
        }
    }

    /// Reads the upper end of a range. `bottom` is the number that was written, `low` the first one inside.
    fn close(bottom: i64, low: i64, rest: &[Tree]) -> Result<Self, PatternError> {
        let (operator, rest) = match rest.split_first() {
            None => return Ok(Self { low, high: LARGEST }),
            Some((Tree::Text(operator), rest)) => (operator.as_str(), rest),
            Some((other, _)) => return Err(PatternError::RangeMember(other.to_string())),
        };
        if !["<", "<="].contains(&operator) {
            return Err(PatternError::RangeOperator(operator.to_owned()));
        }
        let (top, rest) = number(operator, rest)?;
        if !rest.is_empty() {
            return Err(PatternError::RangeTooLong);
        }
        if bottom >= top {
            return Err(PatternError::RangeUpsideDown);
        }
        Ok(Self { low, high: if operator == "<" { top - 1 } else { top } })
    }
}

/// The number that an operator needs, and what follows it.
fn number<'t>(operator: &str, items: &'t [Tree]) -> Result<(i64, &'t [Tree]), PatternError> {
    let Some((Tree::Number(number), rest)) = items.split_first() else {
        return Err(PatternError::NotANumber(operator.to_owned()));
    };
    Ok((within(number)?, rest))
}

/// A number of a pattern that must have an order.
fn within(number: &Number) -> Result<i64, PatternError> {
    match Comparable::of(number) {
        Comparable::Millionths(count) => Ok(count),
        Comparable::Outside(_) => Err(PatternError::NumberOutside),
    }
}

/// A number of `anything-but`, which must lie within the limits too.
pub(crate) fn excluded(number: &Number) -> Result<Comparable, PatternError> {
    within(number).map(Comparable::Millionths)
}
