//! Evidence that a principal may do a thing.
//!
//! ```text
//! the resource is        what must allow it                                  and nobody may deny it
//! of the same account    an identity policy, or the resource's policy: it names the principal or everybody
//! of another account     an identity policy, and the resource's policy: it names the principal, its account or everybody
//! the platform's own     an identity policy
//! nobody's               nothing can
//! ```
//!
//! Owners of accounts need no identity policies. Services have none: for them the resource's policy decides alone. Roles are
//! passed within one account only.
//! Source: "Policy evaluation logic" and "Cross-account policy evaluation logic" in the IAM user guide.
//!
//! Invariant: the fields of [`Permit`] are private and it is neither `Clone` nor `Default`: it exists only where
//! [`permit`] or [`permit_authenticated`] said yes, and only for the action that was asked about.

use crate::policy::{Context, Decision, Grant, Question, ResourcePolicy, decide};
use crate::{Family, Identity, Principal, messages};
use std::fmt;
use std::sync::Arc;
use types::AccountId;

const PASS_ROLE: &str = "iam:PassRole";

/// The principal may do the action; handlers get their input only together with one of these.
#[derive(Debug)]
pub struct Permit {
    identity: Arc<Identity>,
    action: Box<str>,
    context: Context,
}

impl Permit {
    /// Who may.
    pub fn principal(&self) -> &Principal {
        &self.identity.principal
    }

    /// What was asked for first, such as `lambda:CreateFunction`.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// What conditions looked at when it was asked for.
    pub fn context(&self) -> &Context {
        &self.context
    }
}

/// A question, with the policy of the resource that it is about, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is wanted.
    pub question: Question<'a>,
    /// The policy that the resource's owner gave it.
    pub policy: Option<&'a ResourcePolicy>,
}

impl<'a> From<Question<'a>> for Asked<'a> {
    /// About a resource that has no policy.
    fn from(question: Question<'a>) -> Self {
        Self { question, policy: None }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeniedReason {
    /// No identity policy allows it.
    NoIdentityPolicy,
    /// An identity policy denies it.
    IdentityDeny,
    /// The resource belongs to another account, and nothing there lets the principal in.
    NoResourcePolicy,
    /// The resource's policy denies it.
    ResourceDeny,
    /// Nobody said which action is meant: an operation without an authorisation row.
    NothingAsked,
}

/// The refusal, in the service's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// ARN of the principal.
    pub principal: String,
    /// The action that is refused.
    pub action: String,
    /// The resource that it is refused on.
    pub resource: String,
    /// Why.
    pub reason: DeniedReason,
}

impl Denied {
    /// The service's error code.
    pub fn code(&self, family: Family) -> &'static str {
        match family {
            Family::Json => "AccessDeniedException",
            Family::Query => "AccessDenied",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { principal, action, resource, reason } = self;
        if (*reason, action.as_str()) == (DeniedReason::NoResourcePolicy, PASS_ROLE) {
            return f.write_str(messages::CROSS_ACCOUNT_ROLE);
        }
        f.write_str(&messages::denied(principal, action, resource))?;
        match reason {
            DeniedReason::NoIdentityPolicy | DeniedReason::NothingAsked => {
                write!(f, " {}", messages::because_no_policy("identity-based", action))
            }
            DeniedReason::NoResourcePolicy => {
                write!(f, " {}", messages::because_no_policy("resource-based", action))
            }
            DeniedReason::IdentityDeny => write!(f, " {}", messages::WITH_IDENTITY_DENY),
            DeniedReason::ResourceDeny => write!(f, " {}", messages::WITH_RESOURCE_DENY),
        }
    }
}

impl std::error::Error for Denied {}

/// Asks all questions; the permit is for the first one's action, the others are its secondary actions. A resource `*`
/// means the principal's own account.
///
/// # Errors
/// The first question that is not answered with yes. No question at all is refused too.
pub fn permit(identity: &Arc<Identity>, asked: &[Asked<'_>]) -> Result<Permit, Denied> {
    let refused = |action: &str, resource: &str, reason| Denied {
        principal: identity.principal.arn(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        reason,
    };
    let Some(first) = asked.first().map(|asked| asked.question) else {
        return Err(refused("*", "*", DeniedReason::NothingAsked));
    };
    for asked in asked {
        if let Err(reason) = answer(identity, asked, &first) {
            return Err(refused(asked.question.action, asked.question.resource, reason));
        }
    }
    let identity = Arc::clone(identity);
    Ok(Permit { identity, action: first.action.into(), context: first.context.clone() })
}

/// A permit for an action that every authenticated caller may do whatever the policies say, such as
/// sts:GetCallerIdentity (source: STS API reference: "No permissions are required to perform this operation").
///
/// # Errors
/// Whoever has no account is refused.
pub fn permit_authenticated(identity: &Arc<Identity>, action: &str) -> Result<Permit, Denied> {
    match identity.principal.account() {
        Some(_) => {
            let (identity, context) = (Arc::clone(identity), Context::default());
            Ok(Permit { identity, action: action.into(), context })
        }
        None => Err(Denied {
            principal: identity.principal.arn(),
            action: action.to_owned(),
            resource: "*".to_owned(),
            reason: DeniedReason::NoIdentityPolicy,
        }),
    }
}

/// The answer to one question; `first` is the one that it is secondary to.
fn answer(identity: &Identity, asked: &Asked<'_>, first: &Question<'_>) -> Result<(), DeniedReason> {
    let question = &asked.question;
    let is_pass_role = question.action.eq_ignore_ascii_case(PASS_ROLE);
    let policy = asked.policy.filter(|_| !is_pass_role);
    let by_identity = by_identity(identity, question);
    let by_resource = policy.map_or(Grant::None, |policy| policy.decide(&identity.principal, question));
    if by_identity == Decision::ExplicitDeny {
        return Err(DeniedReason::IdentityDeny);
    }
    if by_resource == Grant::ExplicitDeny {
        return Err(DeniedReason::ResourceDeny);
    }
    let owner = match identity.principal.account() {
        Some(account) => Owner::of(question.resource, account),
        None => return by_resource_alone(&identity.principal, by_resource),
    };
    // Whoever lets another account configure a function does not want the function to act as somebody of that account.
    if is_pass_role && identity.principal.account().map(|a| Owner::of(first.resource, a)) != Some(owner) {
        return Err(DeniedReason::NoResourcePolicy);
    }
    let may_by_identity = by_identity == Decision::Allow;
    match (owner, by_resource) {
        (Owner::Same, Grant::ToPrincipal) => Ok(()),
        (Owner::Other, Grant::ToPrincipal | Grant::ToAccount) | (Owner::Same | Owner::Platform, _) => {
            if may_by_identity {
                Ok(())
            } else {
                Err(DeniedReason::NoIdentityPolicy)
            }
        }
        (Owner::Other | Owner::Nobody, _) => Err(DeniedReason::NoResourcePolicy),
    }
}

fn by_identity(identity: &Identity, question: &Question<'_>) -> Decision {
    match identity.principal {
        Principal::Root(_) => Decision::Allow,
        _ => decide(identity.policies.iter(), question),
    }
}

/// Services are let in by the resource's policy alone. (Source: "When an AWS service calls your Lambda function, Lambda
/// considers only the resource-based policy", access permissions in the Lambda developer guide.)
fn by_resource_alone(principal: &Principal, grant: Grant) -> Result<(), DeniedReason> {
    match (principal, grant) {
        (Principal::Service(_), Grant::ToPrincipal) => Ok(()),
        (Principal::Service(_), _) => Err(DeniedReason::NoResourcePolicy),
        _ => Err(DeniedReason::NoIdentityPolicy),
    }
}

/// Whose a resource is, seen from the principal's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Same,
    Other,
    /// `arn:aws:iam::aws:policy/…`: policies that everyone may use.
    Platform,
    /// An ARN that names no account, or no ARN at all.
    Nobody,
}

impl Owner {
    fn of(resource: &str, account: AccountId) -> Self {
        match resource.split(':').nth(4) {
            _ if resource == "*" => Self::Same,
            Some(owner) if owner == account.as_str() => Self::Same,
            Some("aws") => Self::Platform,
            Some(owner) if owner.parse::<AccountId>().is_ok() => Self::Other,
            _ => Self::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{parse_identity_policy, parse_resource_policy};

    const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

    fn ask<'a>(action: &'a str, resource: &'a str, context: &'a Context) -> Asked<'a> {
        Question { action, resource, context }.into()
    }

    fn user(policies: &[&str]) -> Arc<Identity> {
        let policies = policies.iter().map(|text| parse_identity_policy(text).unwrap()).collect();
        let principal = Principal::User {
            account: AccountId::FIRST,
            path: "/".to_owned(),
            name: "ana".to_owned(),
            id: "AIDA1".to_owned(),
        };
        Arc::new(Identity { principal, policies })
    }

    #[test]
    fn the_owner_of_an_account_may_do_everything_there_and_nothing_elsewhere() {
        let root = Arc::new(Identity::root(AccountId::FIRST));
        let context = Context::default();
        let permit_given = permit(&root, &[ask("lambda:InvokeFunction", ECHO, &context)]).unwrap();
        assert_eq!(permit_given.action(), "lambda:InvokeFunction");
        assert_eq!(permit_given.principal(), &Principal::Root(AccountId::FIRST));
        let theirs = "arn:aws:lambda:us-east-1:123456789012:function:echo";
        for other in [theirs, "arn:aws:s3:::bucket", "echo", ""] {
            let denied = permit(&root, &[ask("lambda:InvokeFunction", other, &context)]).unwrap_err();
            assert_eq!(denied.reason, DeniedReason::NoResourcePolicy, "{other}");
        }
    }

    #[test]
    fn a_user_without_policies_reads_why_in_the_services_words() {
        let denied =
            permit(&user(&[]), &[ask("lambda:CreateFunction", ECHO, &Context::default())]).unwrap_err();
        assert_eq!(
            denied.to_string(),
            format!(
                "User: arn:aws:iam::000000000000:user/ana is not authorized to perform: lambda:CreateFunction on resource: {ECHO} because no identity-based policy allows the lambda:CreateFunction action"
            )
        );
        assert_eq!(denied.code(Family::Json), "AccessDeniedException");
    }

    #[test]
    fn every_question_must_be_answered_with_yes() {
        let allow =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:*","Resource":"*"}}"#;
        let deny =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}"#;
        let context = Context::default();
        let role = "arn:aws:iam::000000000000:role/runner";
        let questions = [ask("lambda:CreateFunction", ECHO, &context), ask("iam:PassRole", role, &context)];
        assert!(permit(&user(&[allow]), &questions[..1]).is_ok());
        let denied = permit(&user(&[allow]), &questions).unwrap_err();
        assert_eq!((denied.action.as_str(), denied.reason), ("iam:PassRole", DeniedReason::NoIdentityPolicy));
        let denied = permit(&user(&[allow, deny]), &questions).unwrap_err();
        assert!(denied.to_string().ends_with(&format!(
            "perform: iam:PassRole on resource: {role} with an explicit deny in an identity-based policy"
        )));
    }

    #[test]
    fn another_accounts_role_is_refused_in_words_of_its_own() {
        let root = Arc::new(Identity::root(AccountId::FIRST));
        let (context, role) = (Context::default(), "arn:aws:iam::123456789012:role/runner");
        let questions = [ask("lambda:CreateFunction", ECHO, &context), ask("iam:PassRole", role, &context)];
        let denied = permit(&root, &questions).unwrap_err();
        assert_eq!(denied.to_string(), "Cross-account pass role is not allowed.");
        assert_eq!(denied.code(Family::Json), "AccessDeniedException");
    }

    #[test]
    fn a_role_is_passed_within_one_account_whatever_the_policies_say() {
        let open = parse_resource_policy(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
        )
        .unwrap();
        let context = Context::default();
        let accounts = ["000000000000", "123456789012"];
        for (caller, function, role) in
            (0..8).map(|n| (accounts[n & 1], accounts[n >> 1 & 1], accounts[n >> 2]))
        {
            let root = Arc::new(Identity::root(caller.parse().unwrap()));
            let function_arn = format!("arn:aws:lambda:us-east-1:{function}:function:echo");
            let role_arn = format!("arn:aws:iam::{role}:role/runner");
            let asked = [("lambda:UpdateFunctionConfiguration", &function_arn), (PASS_ROLE, &role_arn)].map(
                |(action, resource)| Asked {
                    question: Question { action, resource, context: &context },
                    policy: Some(&open),
                },
            );
            assert!(permit(&root, &asked[..1]).is_ok(), "{caller} {function}");
            let permitted = permit(&root, &asked).is_ok();
            assert_eq!(permitted, caller == function && function == role, "{caller} {function} {role}");
        }
    }

    #[test]
    fn no_question_and_nobody_are_refused() {
        let root = Arc::new(Identity::root(AccountId::FIRST));
        assert_eq!(permit(&root, &[]).unwrap_err().reason, DeniedReason::NothingAsked);
        let context = Context::default();
        let nobody = Arc::new(Identity { principal: Principal::Anonymous, policies: Arc::new([]) });
        assert!(permit(&nobody, &[ask("lambda:InvokeFunction", "*", &context)]).is_err());
        assert!(permit_authenticated(&nobody, "sts:GetCallerIdentity").is_err());
        assert!(permit_authenticated(&user(&[]), "sts:GetCallerIdentity").is_ok());
    }
}
