//! The operators inside of a field's list of values: `{"prefix": "a"}` and the like.

use crate::condition::Condition;
use crate::error::PatternError;
use crate::letters::Letters;
use crate::network::Network;
use crate::number::{self, Comparable, Range};
use crate::tree::Tree;
use crate::wildcard::Wildcard;

/// The operator that ignores the case of letters, alone or inside of another.
const IGNORE_CASE: &str = "equals-ignore-case";

/// What one object in a list of values says.
pub(crate) enum Operator {
    /// Something about a value.
    Condition(Condition),
    /// That there is none: `{"exists": false}`.
    Absent,
}

/// Reads one object in a list of values.
pub(crate) fn read(fields: &[(String, Tree)]) -> Result<Operator, PatternError> {
    let ((name, value), rest) = fields.split_first().ok_or(PatternError::NoOperator)?;
    let operator = match (name.as_str(), value) {
        ("exists", Tree::Bool(true)) => Operator::Condition(Condition::Exists),
        ("exists", Tree::Bool(false)) => Operator::Absent,
        ("exists", _) => return Err(PatternError::ExistsNotBool),
        (name, value) => Operator::Condition(condition(name, value)?),
    };
    match rest {
        [] => Ok(operator),
        _ if ["numeric", "anything-but"].contains(&name.as_str()) => Err(PatternError::TooManyElements),
        _ => Err(PatternError::OneKey),
    }
}

fn condition(name: &str, value: &Tree) -> Result<Condition, PatternError> {
    match name {
        "exactly" => Ok(Condition::Text(text(value, "exact")?.into())),
        "prefix" => affix(value, "prefix", "Prefix", Condition::Prefix, Condition::LettersPrefix),
        "suffix" => affix(value, "suffix", "Suffix", Condition::Suffix, Condition::LettersSuffix),
        IGNORE_CASE => Ok(Condition::Letters(Letters::of(text(value, IGNORE_CASE)?))),
        "wildcard" => Ok(Condition::Wildcard(Wildcard::parse(text(value, "wildcard")?)?)),
        "numeric" => Ok(Condition::Numeric(Range::read(value)?)),
        // The service's own slip: it says "prefix" here.
        "cidr" => Ok(Condition::Network(Network::parse(text(value, "prefix")?)?)),
        "anything-but" => Ok(Condition::AnythingBut(excluded(value)?)),
        _ => Err(PatternError::UnknownOperator(name.to_owned())),
    }
}

fn text<'t>(value: &'t Tree, operator: &'static str) -> Result<&'t str, PatternError> {
    match value {
        Tree::Text(text) => Ok(text),
        _ => Err(PatternError::NotAString(operator)),
    }
}

/// A prefix or a suffix: a text, or `{"equals-ignore-case": text}`.
fn affix(
    value: &Tree,
    name: &'static str,
    capital: &'static str,
    exact: fn(Box<str>) -> Condition,
    letters: fn(Letters) -> Condition,
) -> Result<Condition, PatternError> {
    let Tree::Object(inner) = value else { return Ok(exact(text(value, name)?.into())) };
    let ((operator, value), rest) = inner.split_first().ok_or(PatternError::NoInnerOperator(capital))?;
    if operator != IGNORE_CASE {
        return Err(PatternError::UnknownInnerOperator(name, operator.clone()));
    }
    let condition = letters(Letters::of(text(value, IGNORE_CASE)?));
    if rest.is_empty() { Ok(condition) } else { Err(PatternError::OneKey) }
}

/// What `anything-but` excludes: a text or a number, a list of one kind, or an operator on one text or several.
fn excluded(value: &Tree) -> Result<Box<[Condition]>, PatternError> {
    match value {
        Tree::Text(_) | Tree::Number(_) => Ok([scalar(value)?].into()),
        Tree::List(items) => {
            let conditions = items.iter().map(scalar).collect::<Result<Box<[_]>, _>>()?;
            let texts = conditions.iter().filter(|one| matches!(one, Condition::Text(_))).count();
            // Of one kind, and not empty.
            let one_kind = (texts == 0) != (texts == conditions.len());
            if one_kind { Ok(conditions) } else { Err(PatternError::AnythingButMixed) }
        }
        Tree::Object(inner) => excluded_by(inner),
        _ => Err(PatternError::AnythingButValue),
    }
}

fn scalar(value: &Tree) -> Result<Condition, PatternError> {
    match value {
        Tree::Text(text) => Ok(Condition::Text(text.as_str().into())),
        Tree::Number(value) => number::excluded(value).map(Condition::Number),
        _ => Err(PatternError::AnythingButItem),
    }
}

/// An operator inside of `anything-but`.
fn excluded_by(inner: &[(String, Tree)]) -> Result<Box<[Condition]>, PatternError> {
    let ((operator, value), rest) =
        inner.split_first().ok_or(PatternError::NoInnerOperator("Anything-But"))?;
    let read: fn(&Tree) -> Result<Condition, PatternError> = match operator.as_str() {
        "prefix" => |value| Ok(Condition::Prefix(filled(value)?.into())),
        "suffix" => |value| Ok(Condition::Suffix(filled(value)?.into())),
        IGNORE_CASE => |value| match value {
            Tree::Text(text) => Ok(Condition::Letters(Letters::of(text))),
            _ => Err(PatternError::AnythingButIgnoreCaseItem),
        },
        "wildcard" => |value| Ok(Condition::Wildcard(Wildcard::parse(text(value, "wildcard")?)?)),
        _ => return Err(PatternError::UnknownInnerOperator("anything-but", operator.clone())),
    };
    let conditions = match value {
        Tree::List(items) if items.is_empty() => return Err(PatternError::EmptyArray),
        Tree::List(items) => items.iter().map(read).collect::<Result<_, _>>()?,
        Tree::Text(_) | Tree::Number(_) => [read(value)?].into(),
        _ => return Err(PatternError::AnythingButValue),
    };
    if rest.is_empty() { Ok(conditions) } else { Err(PatternError::TooManyElements) }
}

fn filled(value: &Tree) -> Result<&str, PatternError> {
    match text(value, "prefix/suffix")? {
        "" => Err(PatternError::EmptyPrefixOrSuffix),
        text => Ok(text),
    }
}

/// A scalar in a list of values, which must be equal.
pub(crate) fn equal(value: &Tree) -> Result<Condition, PatternError> {
    match value {
        Tree::Null => Ok(Condition::Null),
        Tree::Bool(value) => Ok(Condition::Bool(*value)),
        Tree::Number(value) => Ok(Condition::Number(Comparable::of(value))),
        Tree::Text(text) => Ok(Condition::Text(text.as_str().into())),
        Tree::List(_) | Tree::Object(_) => Err(PatternError::NotAMatchValue),
    }
}
