//! Trust policies: who may assume a role.

use super::condition::Conditions;
use super::context::Context;
use super::decision::{Applies, Effect, Question, Selection};
use super::document::{Document, MAX_BYTES, Principals, Statement};
use super::error::PolicyError;
use super::parse::{actions, check_sids, effect};
use crate::Principal;
use types::{AccountId, Arn};

/// A role's AssumeRolePolicyDocument, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPolicy {
    statements: Box<[TrustRule]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TrustRule {
    effect: Effect,
    trusted: Box<[Trusted]>,
    actions: Selection,
    conditions: Conditions,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Trusted {
    Everybody,
    /// Whoever belongs to the account.
    Account(AccountId),
    /// A user, a role (that is: its sessions), or one session.
    Arn(Box<str>),
    Service(Box<str>),
    /// An identity provider: nobody whom we know.
    Federated,
}

impl Trusted {
    fn is(&self, principal: &Principal) -> bool {
        match self {
            Self::Everybody => !matches!(principal, Principal::Anonymous),
            Self::Account(account) => principal.account() == Some(*account),
            Self::Arn(arn) => {
                !matches!(principal, Principal::Service(_) | Principal::Anonymous)
                    && (principal.arn() == **arn || principal.role_arn().as_deref() == Some(arn))
            }
            Self::Service(name) => matches!(principal, Principal::Service(service) if **name == **service),
            Self::Federated => false,
        }
    }
}

impl TrustPolicy {
    /// Whether the role may be assumed by the principal with the action, such as `sts:AssumeRole`. Naming an account
    /// trusts its administrators to choose: whether the caller's own policies allow it is a question for
    /// [`permit`](crate::permit).
    pub fn allows(&self, principal: &Principal, action: &str, context: &Context) -> bool {
        let question = Question { action, resource: "*", context };
        let mut allowed = false;
        for rule in &self.statements {
            let is_meant = rule.trusted.iter().any(|trusted| trusted.is(principal));
            match (rule.effect, is_meant, rule.applies(&question)) {
                (Effect::Deny, true, Applies::Yes | Applies::Unknown) => return false,
                (Effect::Allow, true, Applies::Yes) => allowed = true,
                _ => {}
            }
        }
        allowed
    }
}

impl TrustRule {
    fn applies(&self, question: &Question<'_>) -> Applies {
        self.actions.applies(question.action).and(|| self.conditions.apply(question.context))
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
    if !matches!(document.version.as_deref(), None | Some("2008-10-17" | "2012-10-17")) {
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

fn rule(statement: &Statement) -> Result<TrustRule, PolicyError> {
    if statement.effect.is_none() {
        return Err(PolicyError::TrustEffectMissing);
    }
    if statement.not_principal.is_some() {
        return Err(PolicyError::TrustNotPrincipal);
    }
    if statement.resource.is_some() || statement.not_resource.is_some() {
        return Err(PolicyError::TrustResource);
    }
    let principals = statement.principal.as_ref().ok_or(PolicyError::TrustPrincipalMissing)?;
    Ok(TrustRule {
        effect: effect(statement)?,
        trusted: trusted(principals)?,
        actions: trust_actions(statement)?,
        conditions: Conditions::compile(statement.condition.as_ref())?,
    })
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

fn trusted(principals: &Principals) -> Result<Box<[Trusted]>, PolicyError> {
    let kinds = match principals {
        Principals::Text(text) if text == "*" => return Ok(Box::new([Trusted::Everybody])),
        Principals::Text(text) => return Err(PolicyError::TrustPrincipal("AWS", text.clone())),
        Principals::Kinds(kinds) => &kinds.0,
    };
    let mut trusted = Vec::new();
    for (kind, values) in kinds {
        let read = match kind.as_str() {
            "AWS" => aws,
            "Service" => service,
            "Federated" => |_: &str| Ok(Trusted::Federated),
            _ => return Err(PolicyError::TrustPrincipal("AWS", kind.clone())),
        };
        for value in values.as_slice() {
            trusted.push(read(value)?);
        }
    }
    if trusted.is_empty() { Err(PolicyError::TrustPrincipalEmpty) } else { Ok(trusted.into()) }
}

/// An account's digits, the ARN of its owner, of a user, role or session, or `*`. No other wildcards.
fn aws(text: &str) -> Result<Trusted, PolicyError> {
    if text == "*" {
        return Ok(Trusted::Everybody);
    }
    if let Ok(account) = text.parse() {
        return Ok(Trusted::Account(account));
    }
    let wrong = || PolicyError::TrustPrincipal("AWS", text.to_owned());
    let arn: Arn = text.parse().map_err(|_| wrong())?;
    let account = arn.account_id().ok_or_else(wrong)?;
    let has_wildcard = text.contains(['*', '?', '$']);
    match (arn.service.as_str(), arn.resource.split('/').next()) {
        _ if has_wildcard || arn.partition != "aws" || !arn.region.is_empty() => Err(wrong()),
        ("iam", Some("root")) if arn.resource == "root" => Ok(Trusted::Account(account)),
        ("iam", Some("user" | "role")) | ("sts", Some("assumed-role")) => Ok(Trusted::Arn(text.into())),
        _ => Err(wrong()),
    }
}

fn service(text: &str) -> Result<Trusted, PolicyError> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    if text.ends_with(".amazonaws.com") && text.bytes().all(fits) {
        Ok(Trusted::Service(text.into()))
    } else {
        Err(PolicyError::TrustPrincipal("SERVICE", text.to_owned()))
    }
}
