//! Why a pattern is refused: one variant per cause. What each says stands in `messages`.

/// Why a text is no event pattern. It prints the reason in the service's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternError {
    /// More characters than allowed.
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// No JSON, and what the parser said.
    NotJson(String),
    /// JSON, but no object.
    NotAnObject,
    /// An object without fields where fields are matched.
    EmptyObject,
    /// A field with an empty list of values.
    EmptyArray,
    /// The field of this name has neither an object nor an array.
    NeitherObjectNorArray(String),
    /// `$or` without an array.
    OrWithoutArray,
    /// `$or` with something else than objects.
    OrWithoutObjects,
    /// `$or` with fewer than two objects.
    OrTooShort,
    /// This name of an operator is used as a field inside of `$or`.
    ReservedInOr(String),
    /// `$or` multiplies out to more combinations than this.
    TooManyCombinations(u64),
    /// Fields in and beside `$or` that belong together multiply out to too much.
    TooComplex,
    /// A list of values holds a list.
    NotAMatchValue,
    /// An operator's object without an operator.
    NoOperator,
    /// There is no operator of this name.
    UnknownOperator(String),
    /// An operator's object with more than one key.
    OneKey,
    /// A numeric expression or an `anything-but` with more than belongs there.
    TooManyElements,
    /// The value of this operator must be a string.
    NotAString(&'static str),
    /// `exists` with something else than a boolean.
    ExistsNotBool,
    /// This operator's object has no operator inside.
    NoInnerOperator(&'static str),
    /// This operator (first) takes no such operator (second) inside.
    UnknownInnerOperator(&'static str, String),
    /// `anything-but` of something that is neither a string, a number, a list nor an object.
    AnythingButValue,
    /// A list of `anything-but` with something that is neither string nor number.
    AnythingButItem,
    /// A list of `anything-but` that is empty, or with strings and numbers.
    AnythingButMixed,
    /// A list of `anything-but` with `equals-ignore-case` and something that is no string.
    AnythingButIgnoreCaseItem,
    /// `anything-but` with an empty prefix or suffix, which nothing could match.
    EmptyPrefixOrSuffix,
    /// `numeric` without an array.
    NumericNotArray,
    /// `numeric` begins with something else than an operator.
    NumericMember(String),
    /// `numeric` has no such operator.
    NumericOperator(String),
    /// What follows this operator is no number.
    NotANumber(String),
    /// In place of the second operator of a range.
    RangeMember(String),
    /// The second operator of a range is none that closes it.
    RangeOperator(String),
    /// A range goes on after its second number.
    RangeTooLong,
    /// A range without anything in it.
    RangeUpsideDown,
    /// A number outside of what `numeric` and `anything-but` compare.
    NumberOutside,
    /// A CIDR without its one slash.
    CidrSlash,
    /// A CIDR whose mask is no integer.
    CidrMask,
    /// A CIDR whose mask is negative.
    CidrNegative,
    /// A CIDR whose mask is larger than this many bits.
    CidrTooLarge {
        /// 4 or 6.
        version: u8,
        /// The largest mask.
        bits: u8,
    },
    /// A CIDR whose address looks like one and is none.
    CidrInvalid(String),
    /// A CIDR whose address doesn't look like one.
    CidrNonstandard(String),
    /// Two wildcards next to each other, at this position.
    ConsecutiveWildcards(usize),
    /// A backslash before something else than a backslash or a wildcard, at this position.
    InvalidEscape(usize),
}

impl std::error::Error for PatternError {}
