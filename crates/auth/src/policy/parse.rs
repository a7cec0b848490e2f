//! Reads identity policies: checks them as IAM does, in IAM's order, and makes them ready to be asked.

use super::condition::Conditions;
use super::decision::{Effect, Policy, Rule, Selection};
use super::document::{Document, MAX_BYTES, OneOrMany, Statement};
use super::error::PolicyError;
use super::pattern::{Case, Pattern};
use std::collections::HashSet;

/// Reads a policy that is attached to a user or role.
///
/// # Errors
/// What IAM calls MalformedPolicyDocument.
pub fn parse_identity_policy(json: &str) -> Result<Policy, PolicyError> {
    let document = document(json)?;
    let statements = document.statement.as_slice();
    for statement in statements {
        check_identity_shape(statement)?;
    }
    if document.version.as_deref() != Some("2012-10-17") {
        return Err(PolicyError::Version);
    }
    let effects: Vec<Effect> = statements.iter().map(effect).collect::<Result<_, _>>()?;
    check_sids(statements)?;
    let rules = statements.iter().zip(effects).map(|(statement, effect)| {
        Ok(Rule {
            effect,
            actions: actions(statement)?,
            resources: resources(statement)?,
            conditions: Conditions::compile(statement.condition.as_ref())?,
        })
    });
    Ok(Policy { statements: rules.collect::<Result<_, PolicyError>>()? })
}

/// How long a policy is for IAM's quotas, which do not count white space (source: "IAM and STS quotas").
pub fn counted_characters(json: &str) -> usize {
    json.chars().filter(|c| !c.is_whitespace()).count()
}

/// The document of an identity or resource policy: of a bounded size and a known version, with a statement.
pub(crate) fn document(json: &str) -> Result<Document, PolicyError> {
    if json.len() > MAX_BYTES {
        return Err(PolicyError::TooLong);
    }
    let document: Document = serde_json::from_str(json).map_err(|_| PolicyError::Syntax)?;
    if document.statement.as_slice().is_empty() || !is_version(document.version.as_deref()) {
        return Err(PolicyError::Syntax);
    }
    Ok(document)
}

/// The versions of the policy language; none means the older one.
pub(crate) fn is_version(version: Option<&str>) -> bool {
    matches!(version, None | Some("2008-10-17" | "2012-10-17"))
}

fn check_identity_shape(statement: &Statement) -> Result<(), PolicyError> {
    if statement.principal.is_some() || statement.not_principal.is_some() {
        return Err(PolicyError::PrincipalPresent);
    }
    check_shape(statement)
}

pub(crate) fn check_shape(statement: &Statement) -> Result<(), PolicyError> {
    if statement.effect.is_none()
        || (statement.action.is_some() && statement.not_action.is_some())
        || (statement.resource.is_some() && statement.not_resource.is_some())
    {
        return Err(PolicyError::Syntax);
    }
    Ok(())
}

/// `Allow` or `Deny`; in the wrong case it is IAM's older parser that complains.
pub(crate) fn effect(statement: &Statement) -> Result<Effect, PolicyError> {
    match statement.effect.as_deref() {
        Some("Allow") => Ok(Effect::Allow),
        Some("Deny") => Ok(Effect::Deny),
        Some(text) if text.eq_ignore_ascii_case("allow") || text.eq_ignore_ascii_case("deny") => {
            Err(PolicyError::Legacy)
        }
        _ => Err(PolicyError::Syntax),
    }
}

pub(crate) fn check_sids(statements: &[Statement]) -> Result<(), PolicyError> {
    let mut seen = HashSet::new();
    for sid in statements.iter().filter_map(|s| s.sid.as_deref()).filter(|sid| !sid.is_empty()) {
        if !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(PolicyError::SidNotAlphanumeric);
        }
        if !seen.insert(sid) {
            return Err(PolicyError::DuplicateSid);
        }
    }
    Ok(())
}

pub(crate) fn actions(statement: &Statement) -> Result<Selection, PolicyError> {
    let (list, negated) = one_of(statement.action.as_ref(), statement.not_action.as_ref());
    let list = list.filter(|list| !list.is_empty()).ok_or(PolicyError::NoActions)?;
    list.iter().try_for_each(|action| check_action(action))?;
    Ok(selection(list, negated, Case::Insensitive))
}

pub(crate) fn resources(statement: &Statement) -> Result<Selection, PolicyError> {
    let (list, negated) = one_of(statement.resource.as_ref(), statement.not_resource.as_ref());
    let list = list.filter(|list| !list.is_empty()).ok_or(PolicyError::NoResources)?;
    list.iter().try_for_each(|resource| check_resource(resource))?;
    Ok(selection(list, negated, Case::Sensitive))
}

fn one_of<'s>(
    plain: Option<&'s OneOrMany<String>>,
    negated: Option<&'s OneOrMany<String>>,
) -> (Option<&'s [String]>, bool) {
    match plain {
        Some(list) => (Some(list.as_slice()), false),
        None => (negated.map(OneOrMany::as_slice), true),
    }
}

fn selection(list: &[String], negated: bool, case: Case) -> Selection {
    if list.iter().any(|text| text.contains("${")) {
        return Selection::Unknown;
    }
    let patterns = list.iter().map(|text| Pattern::new(text, case)).collect();
    if negated { Selection::AllBut(patterns) } else { Selection::Any(patterns) }
}

fn check_action(action: &str) -> Result<(), PolicyError> {
    if action == "*" {
        return Ok(());
    }
    let (vendor, name) = action.split_once(':').ok_or(PolicyError::VendorMissing)?;
    if name.contains(':') {
        return Err(PolicyError::Colons);
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if vendor == "*" || (!vendor.is_empty() && vendor.bytes().all(fits)) {
        Ok(())
    } else {
        Err(PolicyError::Vendor(vendor.to_owned()))
    }
}

fn check_resource(resource: &str) -> Result<(), PolicyError> {
    let is_arn = resource.strip_prefix("arn:").is_some_and(|rest| {
        let mut parts = rest.splitn(2, ':');
        parts.all(|part| !part.is_empty()) && rest.contains(':')
    });
    if resource == "*" || is_arn { Ok(()) } else { Err(PolicyError::Resource(resource.to_owned())) }
}
