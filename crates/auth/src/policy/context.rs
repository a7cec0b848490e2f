//! What is known about a request besides action and resource: the values that conditions look at.

use crate::Principal;

/// Condition keys with their values. Keys are compared without regard to case, as IAM does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    entries: Vec<(String, Vec<String>)>,
}

impl Context {
    /// What a principal's own nature says. Source: "AWS global condition context keys", properties of the principal: for
    /// sessions `aws:PrincipalArn` is the role's.
    pub fn of(principal: &Principal) -> Self {
        let is_service = matches!(principal, Principal::Service(_));
        let context = Self::default().with("aws:PrincipalIsAWSService", is_service.to_string());
        let context = match principal {
            Principal::Service(name) => return context.with("aws:PrincipalServiceName", name.as_str()),
            Principal::Anonymous => return context.with("aws:PrincipalType", "Anonymous"),
            Principal::Root(_) => context.with("aws:PrincipalType", "Account"),
            Principal::User { name, .. } => {
                context.with("aws:PrincipalType", "User").with("aws:username", name.as_str())
            }
            // Functions have no second factor.
            Principal::RoleSession { .. } => {
                context.with("aws:PrincipalType", "AssumedRole").with("aws:MultiFactorAuthPresent", "false")
            }
        };
        let context = match principal.account() {
            Some(account) => context.with("aws:PrincipalAccount", account.as_str()),
            None => context,
        };
        let arn = principal.role_arn().unwrap_or_else(|| principal.arn());
        context.with("aws:PrincipalArn", arn).with("aws:userid", principal.user_id())
    }

    /// The same context with one more value for a key; a key may have several.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        match self.entries.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, values)) => values.push(value.into()),
            None => self.entries.push((key.to_owned(), vec![value.into()])),
        }
        self
    }

    /// The values of a key; `None` where the request says nothing about it.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        let entry = self.entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        entry.map(|(_, values)| values.as_slice())
    }
}
