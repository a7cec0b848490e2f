//! How a policy changes: pure, so that what holds for every sequence of changes can be tested.

use crate::messages::{failed, policies as messages};
use auth::policy::parse_resource_policy;
use store::records::{PolicyRecord, PolicyStatement};
use types::{RevisionId, ServiceError};

/// The longest policy as JSON. Source: "Function resource-based policy: 20 KB" (Lambda quotas); the message names 20480.
const MAX_BYTES: usize = 20_480;

/// What there is before a change.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    /// The policy, once there is one.
    pub(super) policy: Option<&'a PolicyRecord>,
    /// The RevisionId of what the policy belongs to. Layer versions have none.
    pub(super) holder: Option<RevisionId>,
}

/// The caller's RevisionId, where it sent one, and what is said where it is stale.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    revision: Option<&'a str>,
    stale: fn() -> ServiceError,
}

/// AddPermission's change.
pub(super) fn adding(
    statement: PolicyStatement,
    expected: Expected<'_>,
) -> impl Fn(Before<'_>, RevisionId) -> Result<Option<PolicyRecord>, ServiceError> + Sync {
    move |before, revision| {
        expected.check(before)?;
        with(before.policy, statement.clone(), revision).map(Some)
    }
}

/// RemovePermission's change.
pub(super) fn removing(
    sid: &str,
    expected: Expected<'_>,
) -> impl Fn(Before<'_>, RevisionId) -> Result<Option<PolicyRecord>, ServiceError> + Sync {
    move |before, revision| {
        let old = before.policy.ok_or_else(messages::no_policy_to_change)?;
        let new = without(old, sid, revision)?;
        expected.check(before)?;
        Ok(new)
    }
}

/// The policy with one more statement; its revision is the new one.
fn with(
    policy: Option<&PolicyRecord>,
    statement: PolicyStatement,
    revision: RevisionId,
) -> Result<PolicyRecord, ServiceError> {
    let mut statements = policy.map(|policy| policy.statements.clone()).unwrap_or_default();
    if statements.iter().any(|known| known.sid == statement.sid) {
        return Err(messages::statement_exists(&statement.sid));
    }
    statements.push(statement);
    let policy = PolicyRecord { statements, revision };
    let document = policy.document();
    if document.len() > MAX_BYTES {
        return Err(messages::policy_too_long(document.len(), MAX_BYTES));
    }
    // A stored policy that can't be read would lock everybody out.
    parse_resource_policy(&document).map_err(failed)?;
    Ok(policy)
}

/// The policy without the statement of that name; nothing when it was the last one.
fn without(
    policy: &PolicyRecord,
    sid: &str,
    revision: RevisionId,
) -> Result<Option<PolicyRecord>, ServiceError> {
    let others = policy.statements.iter().filter(|statement| statement.sid != sid);
    let statements: Vec<PolicyStatement> = others.cloned().collect();
    if statements.len() == policy.statements.len() {
        return Err(messages::no_statement(sid));
    }
    Ok(Some(PolicyRecord { statements, revision }).filter(|policy| !policy.statements.is_empty()))
}

impl<'a> Expected<'a> {
    /// What a caller expects of the policy of a function, version or alias.
    pub(super) fn of_function(revision: Option<&'a str>) -> Self {
        Self { revision, stale: messages::stale_policy_revision }
    }

    /// What a caller expects of the policy of a layer version.
    pub(super) fn of_layer_version(revision: Option<&'a str>) -> Self {
        Self { revision, stale: messages::stale_layer_policy_revision }
    }

    /// Before the first statement there is no policy to ask about: the revision of the function, version or alias counts.
    /// Source: recorded on AddPermission for a new alias.
    fn check(self, before: Before<'_>) -> Result<(), ServiceError> {
        let current = before.policy.map(|policy| policy.revision).or(before.holder);
        match self.revision {
            Some(asked) if current.is_none() || asked.parse().ok() != current => Err((self.stale)()),
            _ => Ok(()),
        }
    }
}
