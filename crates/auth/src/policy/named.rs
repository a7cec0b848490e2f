//! Policies that name principals: who may do what to the thing that the policy belongs to.

use super::decision::{Applies, Effect, Question, Rule};
use super::principals::{Meant, Named};
use crate::Principal;

/// One statement with the principals that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRule {
    pub(crate) named: Named,
    pub(crate) rule: Rule,
}

/// What a policy that names principals says to a question of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A statement denies it.
    ExplicitDeny,
    /// A statement allows it to the principal itself, or to everybody.
    ToPrincipal,
    /// A statement allows it to the principal's account, whose identity policies then say who of it may. (Source:
    /// "Principal", AWS account principals: "this delegates authority to the account".)
    ToAccount,
    /// No statement speaks of it.
    None,
}

/// A deny wins over every allow; what can't be evaluated denies, and never allows.
pub(super) fn decide(rules: &[NamedRule], principal: &Principal, question: &Question<'_>) -> Grant {
    let mut widest = Meant::Not;
    for NamedRule { named, rule } in rules {
        let meant = named.means(principal);
        if meant == Meant::Not {
            continue;
        }
        match (rule.effect, rule.applies(question)) {
            (Effect::Deny, Applies::Yes | Applies::Unknown) => return Grant::ExplicitDeny,
            (Effect::Allow, Applies::Yes) => widest = widest.max(meant),
            (Effect::Allow, Applies::Unknown) | (_, Applies::No) => {}
        }
    }
    match widest {
        Meant::Not => Grant::None,
        Meant::ByAccount => Grant::ToAccount,
        Meant::Itself => Grant::ToPrincipal,
    }
}
