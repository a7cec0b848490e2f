//! Condition blocks: operators, quantifiers and `…IfExists`.
//!
//! Source: "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context keys" in the IAM
//! user guide. Invariant: what is not understood exactly (policy variables, BinaryEquals, values of the wrong kind,
//! several values without a quantifier, keys that we know nothing of) is unknown, which never allows and always denies.

use super::context::Context;
use super::decision::Applies;
use super::document::{OneOrMany, Pairs, Scalar};
use super::error::PolicyError;
use super::keys;
use super::operand::{Comparison, Operand};

/// All conditions of a statement: each must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conditions(Box<[Condition]>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    key: Box<str>,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// The key is absent (true) or present (false).
    Null(bool),
    Compare {
        quantifier: Quantifier,
        if_exists: bool,
        negated: bool,
        operands: Box<[Operand]>,
    },
    Unknown,
}

/// How many of the request's values must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    TheOnly,
    Any,
    All,
}

impl Conditions {
    /// # Errors
    /// An operator that does not exist.
    pub(crate) fn compile(block: Option<&Pairs<Pairs<OneOrMany<Scalar>>>>) -> Result<Self, PolicyError> {
        let mut conditions = Vec::new();
        for (operator, keys) in block.map_or(&[][..], |block| &block.0) {
            for (key, values) in &keys.0 {
                let test = compile(operator, values.as_slice())?;
                conditions.push(Condition { key: key.as_str().into(), test });
            }
        }
        Ok(Self(conditions.into()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn apply(&self, context: &Context) -> Applies {
        let mut all = Applies::Yes;
        for condition in &self.0 {
            all = all.and(|| condition.apply(context));
        }
        all
    }
}

impl Condition {
    fn apply(&self, context: &Context) -> Applies {
        let values = match context.values(&self.key) {
            Some(values) => values,
            None if keys::is_known(&self.key) => &[],
            None => return Applies::Unknown,
        };
        match &self.test {
            Test::Null(absent) => yes(values.is_empty() == *absent),
            Test::Compare { quantifier, if_exists, negated, operands } => {
                compare(*quantifier, *if_exists, *negated, operands, values)
            }
            Test::Unknown => Applies::Unknown,
        }
    }
}

fn compare(
    quantifier: Quantifier,
    if_exists: bool,
    negated: bool,
    operands: &[Operand],
    values: &[String],
) -> Applies {
    let fits = |value: &String| operands.iter().any(|operand| operand.matches(value)) != negated;
    match (quantifier, values) {
        (_, []) if if_exists => Applies::Yes,
        (Quantifier::TheOnly, []) => yes(negated),
        (Quantifier::TheOnly, [value]) => yes(fits(value)),
        (Quantifier::TheOnly, _) => Applies::Unknown,
        (Quantifier::Any, values) => yes(values.iter().any(fits)),
        (Quantifier::All, values) => yes(values.iter().all(fits)),
    }
}

fn yes(truth: bool) -> Applies {
    if truth { Applies::Yes } else { Applies::No }
}

fn compile(operator: &str, values: &[Scalar]) -> Result<Test, PolicyError> {
    let (quantifier, rest) = match operator.split_once(':') {
        Some(("ForAnyValue", rest)) => (Quantifier::Any, rest),
        Some(("ForAllValues", rest)) => (Quantifier::All, rest),
        Some(_) => return Err(PolicyError::Syntax),
        None => (Quantifier::TheOnly, operator),
    };
    if operator == "Null" {
        return Ok(null(values));
    }
    let (name, if_exists) = match rest.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (rest, false),
    };
    let (comparison, negated) = Comparison::of_operator(name).ok_or(PolicyError::Syntax)?;
    let operands: Option<Box<[Operand]>> = values
        .iter()
        .map(|Scalar(text)| if text.contains("${") { None } else { comparison.operand(text) })
        .collect();
    Ok(match operands {
        Some(operands) if !operands.is_empty() => Test::Compare { quantifier, if_exists, negated, operands },
        _ => Test::Unknown,
    })
}

fn null(values: &[Scalar]) -> Test {
    match values {
        [Scalar(text)] if text.eq_ignore_ascii_case("true") => Test::Null(true),
        [Scalar(text)] if text.eq_ignore_ascii_case("false") => Test::Null(false),
        _ => Test::Unknown,
    }
}
