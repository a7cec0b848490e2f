//! What callers are told about a pattern, each with its source.
//!
//! Sources: (rec) answers of EventBridge and Lambda as people quote them in public bug reports; (ruler) the messages of
//! `event-ruler`, whose sentence the service puts after "Reason: "; (own) our words, where neither says anything. The
//! service adds the place (" at [Source: …; line: 1, column: 40]"), which we leave out.

use std::fmt::{self, Display, Formatter};

use crate::error::PatternError;
use crate::filters::FilterError;

impl PatternError {
    /// (rec) The whole message of `InvalidEventPatternException`.
    #[must_use]
    pub fn for_event_bus(&self) -> String {
        format!("Event pattern is not valid. Reason: {self}")
    }
}

impl Display for PatternError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { .. } | Self::NotJson(_) | Self::TooManyCombinations(_) | Self::TooComplex => {
                self.own(f)
            }
            Self::NotAnObject
            | Self::EmptyObject
            | Self::EmptyArray
            | Self::NeitherObjectNorArray(_)
            | Self::OrWithoutArray
            | Self::OrWithoutObjects
            | Self::OrTooShort
            | Self::ReservedInOr(_)
            | Self::NotAMatchValue => self.structure(f),
            Self::NumericNotArray
            | Self::NumericMember(_)
            | Self::NumericOperator(_)
            | Self::NotANumber(_)
            | Self::RangeMember(_)
            | Self::RangeOperator(_)
            | Self::RangeTooLong
            | Self::RangeUpsideDown
            | Self::NumberOutside => self.numeric(f),
            _ => self.operator(f),
        }
    }
}

impl PatternError {
    /// (own)
    fn own(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length, limit } => {
                write!(f, "Filter has {length} characters, and may have {limit}")
            }
            Self::NotJson(fault) => write!(f, "Filter is not valid JSON: {fault}"),
            Self::TooManyCombinations(limit) => {
                write!(f, "Rule is too complex - try using fewer $or combinations (at most {limit})")
            }
            _ => {
                f.write_str("Rule is too complex - try using different field names inside and outside of $or")
            }
        }
    }

    /// (ruler); those of the empty object and of the field with neither are (rec) too.
    fn structure(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("Filter is not an object"),
            Self::EmptyObject => f.write_str("Empty objects are not allowed"),
            Self::EmptyArray => f.write_str("Empty arrays are not allowed"),
            Self::NeitherObjectNorArray(name) => write!(f, "\"{name}\" must be an object or an array"),
            Self::OrWithoutArray => f.write_str("It must be an Array followed with $or."),
            Self::OrWithoutObjects => {
                f.write_str("Only JSON object is allowed in array of $or relationship.")
            }
            Self::OrTooShort => f.write_str("There must have at least 2 Objects in $or relationship."),
            Self::ReservedInOr(name) => {
                write!(f, "{name} is Ruler reserved fieldName which cannot be used inside $or.")
            }
            _ => f.write_str("Match value must be String, number, true, false, or null"),
        }
    }

    /// (ruler)
    fn numeric(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumericNotArray => f.write_str("Value of numeric must be an array."),
            Self::NumericMember(member) => write!(f, "Invalid member in numeric match: {member}"),
            Self::NumericOperator(operator) => write!(f, "Unrecognized numeric range operator: {operator}"),
            Self::NotANumber(operator) if operator == "=" => f.write_str("Value of equals must be numeric"),
            Self::NotANumber(operator) => write!(f, "Value of {operator} must be numeric"),
            Self::RangeMember(member) => write!(f, "Bad value in numeric range: {member}"),
            Self::RangeOperator(operator) => write!(f, "Bad numeric range operator: {operator}"),
            Self::RangeTooLong => f.write_str("Too many terms in numeric range expression"),
            Self::RangeUpsideDown => f.write_str("Bottom must be less than top"),
            _ => f.write_str("Value must be between -5.0E9 and 5.0E9, inclusive"),
        }
    }

    /// (ruler)
    fn operator(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOperator => f.write_str("Match expression name not found"),
            Self::UnknownOperator(name) => write!(f, "Unrecognized match type {name}"),
            Self::OneKey => f.write_str("Only one key allowed in match expression"),
            Self::TooManyElements => f.write_str("Too many elements in numeric expression"),
            // The library says the same of a CIDR.
            Self::NotAString(operator) => write!(f, "{operator} match pattern must be a string"),
            Self::ExistsNotBool => f.write_str("exists match pattern must be either true or false."),
            Self::NoInnerOperator(outer) => write!(f, "{outer} expression name not found"),
            Self::UnknownInnerOperator(outer, name) => write!(f, "Unsupported {outer} pattern: {name}"),
            Self::AnythingButValue => {
                f.write_str("Value of anything-but must be an array or single string/number value.")
            }
            Self::AnythingButItem => {
                f.write_str("Inside anything but list, start|null|boolean is not supported.")
            }
            Self::AnythingButMixed => f.write_str(
                "Inside anything but list, either all values are number or string, mixed type is not supported",
            ),
            Self::AnythingButIgnoreCaseItem => f.write_str(
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
            ),
            Self::EmptyPrefixOrSuffix => f.write_str("Null prefix/suffix not allowed"),
            _ => self.value(f),
        }
    }

    /// (ruler)
    fn value(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::CidrSlash => f.write_str("Malformed CIDR, one '/' required"),
            Self::CidrMask => f.write_str("Malformed CIDR, mask bits must be an integer"),
            Self::CidrNegative => f.write_str("Malformed CIDR, mask bits must not be negative"),
            Self::CidrTooLarge { version, bits } => {
                write!(f, "IPv{version} mask bits must be < {}", u16::from(*bits) + 1)
            }
            Self::CidrInvalid(address) => write!(f, "Invalid IP address: {address}"),
            Self::CidrNonstandard(address) => write!(f, "Nonstandard IP address: {address}"),
            Self::ConsecutiveWildcards(at) => write!(f, "Consecutive wildcard characters at pos {at}"),
            Self::InvalidEscape(at) => write!(f, "Invalid escape character at pos {at}"),
            _ => f.write_str("Filter is not valid"),
        }
    }
}

impl Display for FilterError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            // (rec) of Lambda, whatever is wrong with the pattern.
            Self::Invalid(_) | Self::Missing => f.write_str("Invalid filter pattern definition."),
            // (own)
            Self::TooMany { count, quota } => write!(
                f,
                "{count} filters are more than an event source mapping may have. The quota is {quota} filters."
            ),
        }
    }
}
