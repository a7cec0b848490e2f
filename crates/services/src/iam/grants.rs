//! The policies of one user or role: those written into it, and the ARNs of those attached to it.

use super::messages;
use auth::policy::counted_characters;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use types::ServiceError;

/// Source: "IAM and STS quotas": managed policies attached to a user or role, by default.
const ATTACHED: usize = 10;
/// Our own bound, in bytes with white space, so that the record stays below the 2 MiB that the store takes even where its
/// JSON needs two characters for one.
const INLINE_BYTES: usize = 512 << 10;

/// What a user or role has been given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grants {
    /// Documents as they were given, by the policy's name.
    pub(super) inline: BTreeMap<String, String>,
    /// ARNs of managed policies.
    pub(super) attached: BTreeSet<String>,
}

/// Who holds grants, for quotas and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A user.
    User,
    /// A role.
    Role,
}

impl Kind {
    /// Source: "IAM and STS quotas": aggregate size of inline policies in characters without white space.
    fn inline_characters(self) -> usize {
        match self {
            Self::User => 2_048,
            Self::Role => 10_240,
        }
    }
}

impl Grants {
    /// Adds an inline policy, or replaces it. The document was checked.
    pub(super) fn put_inline(
        &mut self,
        kind: Kind,
        holder: &str,
        name: &str,
        document: &str,
    ) -> Result<(), ServiceError> {
        self.inline.insert(name.to_owned(), document.to_owned());
        let characters: usize = self.inline.values().map(|d| counted_characters(d)).sum();
        let bytes: usize = self.inline.iter().map(|(n, d)| n.len() + d.len()).sum();
        if characters > kind.inline_characters() {
            return Err(messages::inline_too_large(kind, holder, kind.inline_characters()));
        }
        if bytes > INLINE_BYTES {
            return Err(messages::inline_too_much_space(INLINE_BYTES));
        }
        Ok(())
    }

    /// Attaches a policy; `false` when it was attached already.
    pub(super) fn attach(&mut self, kind: Kind, arn: &str) -> Result<bool, ServiceError> {
        if self.attached.contains(arn) {
            return Ok(false);
        }
        if self.attached.len() >= ATTACHED {
            return Err(messages::too_many_attached(kind, ATTACHED));
        }
        Ok(self.attached.insert(arn.to_owned()))
    }

    /// Whoever still has policies can't be deleted.
    pub(super) fn must_be_empty(&self) -> Result<(), ServiceError> {
        match (self.attached.is_empty(), self.inline.is_empty()) {
            (false, _) => Err(messages::must_detach()),
            (true, false) => Err(messages::must_delete_inline()),
            (true, true) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count_towards_the_size_of_inline_policies() {
        let mut grants = Grants::default();
        let document = format!("{}{}", "x".repeat(1000), " ".repeat(5000));
        grants.put_inline(Kind::User, "ana", "a", &document).unwrap();
        grants.put_inline(Kind::User, "ana", "b", &document).unwrap();
        let error = grants.clone().put_inline(Kind::User, "ana", "c", &"x".repeat(49)).unwrap_err();
        assert_eq!(error.code, "LimitExceeded");
        assert_eq!(error.message, "Maximum policy size of 2048 bytes exceeded for user ana");
        grants.put_inline(Kind::Role, "run", "c", &document).unwrap();
    }

    #[test]
    fn replacing_an_inline_policy_frees_its_old_size() {
        let mut grants = Grants::default();
        for _ in 0..3 {
            grants.put_inline(Kind::User, "ana", "a", &"x".repeat(2048)).unwrap();
        }
        assert!(grants.put_inline(Kind::User, "ana", "b", "x").is_err());
    }

    #[test]
    fn white_space_is_bounded_too() {
        let mut grants = Grants::default();
        let space = " ".repeat(131_072);
        let refused = (0..9).find_map(|n| grants.put_inline(Kind::Role, "r", &n.to_string(), &space).err());
        assert_eq!(refused.unwrap().code, "LimitExceeded");
    }

    #[test]
    fn ten_policies_can_be_attached() {
        let mut grants = Grants::default();
        for n in 0..10 {
            assert!(grants.attach(Kind::Role, &format!("arn:{n}")).unwrap());
        }
        assert!(!grants.attach(Kind::Role, "arn:3").unwrap());
        let error = grants.attach(Kind::Role, "arn:10").unwrap_err();
        assert_eq!(error.message, "Cannot exceed quota for PoliciesPerRole: 10");
    }
}
