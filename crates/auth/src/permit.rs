//! Evidence that a principal may do a thing.
//!
//! Invariant: the fields of [`Permit`] are private and it is neither `Clone` nor `Default`: it exists only where
//! [`permit`] or [`permit_authenticated`] said yes, and only for the action that was asked about.

use crate::policy::{Decision, Question, decide};
use crate::{Family, Identity, Principal, messages};
use std::fmt;
use std::sync::Arc;
use types::AccountId;

/// The principal may do the action; handlers get their input only together with one of these.
#[derive(Debug)]
pub struct Permit {
    identity: Arc<Identity>,
    action: Box<str>,
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
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeniedReason {
    /// No identity policy allows it.
    NoIdentityPolicy,
    /// An identity policy denies it.
    ExplicitDeny,
    /// The resource belongs to another account, and nothing there lets the principal in.
    OtherAccount,
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
        if (*reason, action.as_str()) == (DeniedReason::OtherAccount, "iam:PassRole") {
            return f.write_str(messages::CROSS_ACCOUNT_ROLE);
        }
        f.write_str(&messages::denied(principal, action, resource))?;
        match reason {
            DeniedReason::NoIdentityPolicy | DeniedReason::NothingAsked => {
                write!(f, " {}", messages::because_no_policy("identity-based", action))
            }
            DeniedReason::OtherAccount => {
                write!(f, " {}", messages::because_no_policy("resource-based", action))
            }
            DeniedReason::ExplicitDeny => write!(f, " {}", messages::WITH_EXPLICIT_DENY),
        }
    }
}

impl std::error::Error for Denied {}

/// Asks all questions; the permit is for the first one's action, the others are its secondary actions.
///
/// The owner of an account may do everything to resources of that account. Users and sessions need an identity policy.
/// Resources of other accounts are refused to everybody. A resource `*` means the principal's own account.
///
/// # Errors
/// The first question that is not answered with yes. No question at all is refused too.
pub fn permit(identity: &Arc<Identity>, questions: &[Question<'_>]) -> Result<Permit, Denied> {
    let refused = |question: &Question<'_>, reason| Denied {
        principal: identity.principal.arn(),
        action: question.action.to_owned(),
        resource: question.resource.to_owned(),
        reason,
    };
    for question in questions {
        if let Some(reason) = refusal(identity, question) {
            return Err(refused(question, reason));
        }
    }
    match questions.first() {
        Some(first) => Ok(Permit { identity: Arc::clone(identity), action: first.action.into() }),
        None => Err(Denied {
            principal: identity.principal.arn(),
            action: "*".to_owned(),
            resource: "*".to_owned(),
            reason: DeniedReason::NothingAsked,
        }),
    }
}

/// A permit for an action that every authenticated caller may do whatever the policies say, such as
/// sts:GetCallerIdentity (source: STS API reference: "No permissions are required to perform this operation").
///
/// # Errors
/// Whoever has no account is refused.
pub fn permit_authenticated(identity: &Arc<Identity>, action: &str) -> Result<Permit, Denied> {
    match identity.principal.account() {
        Some(_) => Ok(Permit { identity: Arc::clone(identity), action: action.into() }),
        None => Err(Denied {
            principal: identity.principal.arn(),
            action: action.to_owned(),
            resource: "*".to_owned(),
            reason: DeniedReason::NoIdentityPolicy,
        }),
    }
}

fn refusal(identity: &Identity, question: &Question<'_>) -> Option<DeniedReason> {
    let Some(account) = identity.principal.account() else { return Some(DeniedReason::NoIdentityPolicy) };
    if !is_reachable(question.resource, account) {
        return Some(DeniedReason::OtherAccount);
    }
    if matches!(identity.principal, Principal::Root(_)) {
        return None;
    }
    match decide(identity.policies.iter(), question) {
        Decision::Allow => None,
        Decision::ExplicitDeny => Some(DeniedReason::ExplicitDeny),
        Decision::ImplicitDeny => Some(DeniedReason::NoIdentityPolicy),
    }
}

/// Of the principal's own account, or of the platform itself (`arn:aws:iam::aws:policy/…`: policies that everyone
/// may use). An ARN that names no account belongs to nobody whom we know.
fn is_reachable(resource: &str, account: AccountId) -> bool {
    resource == "*"
        || matches!(resource.split(':').nth(4), Some(owner) if owner == account.as_str() || owner == "aws")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Context, parse_identity_policy};

    const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

    fn ask<'a>(action: &'a str, resource: &'a str, context: &'a Context) -> Question<'a> {
        Question { action, resource, context }
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
            assert_eq!(denied.reason, DeniedReason::OtherAccount, "{other}");
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
