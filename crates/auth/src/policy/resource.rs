//! Resource policies: who may do what to the function or layer version that the policy belongs to.

use super::condition::Conditions;
use super::decision::{Question, Rule};
use super::document::Statement;
use super::error::PolicyError;
use super::named::{self, Grant, NamedRule};
use super::parse::{actions, check_shape, document, effect, resources};
use super::principals::Named;
use crate::Principal;
use std::collections::HashSet;

/// The policy of a resource, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePolicy {
    statements: Box<[NamedRule]>,
}

impl ResourcePolicy {
    /// What the policy by itself says to the principal. Whether that is enough depends on whose the resource is:
    /// [`permit`](crate::permit).
    pub fn decide(&self, principal: &Principal, question: &Question<'_>) -> Grant {
        named::decide(&self.statements, principal, question)
    }

    /// Whether a statement looks at anything besides principal, action and resource.
    pub fn has_conditions(&self) -> bool {
        self.statements.iter().any(|statement| !statement.rule.conditions.is_empty())
    }
}

/// Reads a resource policy. Statement ids may hold more characters than in identity policies: each service has a pattern
/// of its own.
///
/// # Errors
/// What is wrong with it, in IAM's words.
pub fn parse_resource_policy(json: &str) -> Result<ResourcePolicy, PolicyError> {
    let document = document(json)?;
    let statements = document.statement.as_slice();
    let mut seen = HashSet::new();
    if !statements.iter().filter_map(|statement| statement.sid.as_deref()).all(|sid| seen.insert(sid)) {
        return Err(PolicyError::DuplicateSid);
    }
    Ok(ResourcePolicy { statements: statements.iter().map(rule).collect::<Result<_, _>>()? })
}

fn rule(statement: &Statement) -> Result<NamedRule, PolicyError> {
    check_shape(statement)?;
    if statement.not_principal.is_some() {
        return Err(PolicyError::NotPrincipal);
    }
    let principals = statement.principal.as_ref().ok_or(PolicyError::PrincipalMissing)?;
    let rule = Rule {
        effect: effect(statement)?,
        actions: actions(statement)?,
        resources: resources(statement)?,
        conditions: Conditions::compile(statement.condition.as_ref())?,
    };
    Ok(NamedRule { named: Named::read(principals)?, rule })
}
