//! Trust policies: who may assume a role.

use super::condition::Conditions;
use super::context::Context;
use super::decision::{Question, Rule, Selection};
use super::document::{Document, MAX_BYTES, Statement};
use super::error::PolicyError;
use super::named::{self, Grant, NamedRule};
use super::parse::{actions, check_sids, effect, is_version};
use super::principals::Named;
use crate::Principal;

/// A role's AssumeRolePolicyDocument, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPolicy {
    statements: Box<[NamedRule]>,
}

impl TrustPolicy {
    /// Whether the role may be assumed by the principal with the action, such as `sts:AssumeRole`. Naming an account
    /// trusts its administrators to choose: whether the caller's own policies allow it is a question for
    /// [`permit`](crate::permit).
    pub fn allows(&self, principal: &Principal, action: &str, context: &Context) -> bool {
        let question = Question { action, resource: "*", context };
        matches!(named::decide(&self.statements, principal, &question), Grant::ToPrincipal | Grant::ToAccount)
    }
}

/// Reads an AssumeRolePolicyDocument.
///
/// # Errors
/// What IAM calls MalformedPolicyDocument.
pub fn parse_trust_policy(json: &str) -> Result<TrustPolicy, PolicyError> {
    if json.len() > MAX_BYTES {
        return Err(PolicyError::TooLong);
    }
    let document: Document = serde_json::from_str(json)
        .map_err(|error| if error.is_data() { PolicyError::Syntax } else { PolicyError::NotJson })?;
    if !is_version(document.version.as_deref()) {
        return Err(PolicyError::TrustVersion);
    }
    let statements = document.statement.as_slice();
    if statements.is_empty() {
        return Err(PolicyError::Syntax);
    }
    let rules = statements.iter().map(rule).collect::<Result<_, _>>()?;
    check_sids(statements)?;
    Ok(TrustPolicy { statements: rules })
}

fn rule(statement: &Statement) -> Result<NamedRule, PolicyError> {
    if statement.effect.is_none() {
        return Err(PolicyError::TrustEffectMissing);
    }
    if statement.not_principal.is_some() {
        return Err(PolicyError::TrustNotPrincipal);
    }
    if statement.resource.is_some() || statement.not_resource.is_some() {
        return Err(PolicyError::TrustResource);
    }
    let principals = statement.principal.as_ref().ok_or(PolicyError::PrincipalMissing)?;
    let (effect, named) = (effect(statement)?, Named::read(principals)?);
    let rule = Rule {
        effect,
        actions: trust_actions(statement)?,
        resources: Selection::everything(),
        conditions: Conditions::compile(statement.condition.as_ref())?,
    };
    Ok(NamedRule { named, rule })
}

fn trust_actions(statement: &Statement) -> Result<Selection, PolicyError> {
    if statement.action.is_some() && statement.not_action.is_some() {
        return Err(PolicyError::Syntax);
    }
    let list = statement.action.as_ref().or(statement.not_action.as_ref());
    let list = list.ok_or(PolicyError::TrustActionMissing)?.as_slice();
    if list.is_empty() {
        return Err(PolicyError::TrustActionMissing);
    }
    let of_sts = |action: &String| action.get(..4).is_some_and(|vendor| vendor.eq_ignore_ascii_case("sts:"));
    if list.iter().all(of_sts) { actions(statement) } else { Err(PolicyError::TrustAction) }
}
