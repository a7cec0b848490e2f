//! Asks policies whether a principal may do an action to a resource.

use super::condition::Conditions;
use super::context::Context;
use super::pattern::Pattern;

/// A policy that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(crate) statements: Box<[Rule]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) effect: Effect,
    pub(crate) actions: Selection,
    pub(crate) resources: Selection,
    pub(crate) conditions: Conditions,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    Any(Box<[Pattern]>),
    AllBut(Box<[Pattern]>),
    /// Has something in it that can't be evaluated: a policy variable.
    Unknown,
}

/// Whether a rule applies to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applies {
    Yes,
    No,
    Unknown,
}

impl Policy {
    /// Whether a statement looks at anything besides action and resource.
    pub fn has_conditions(&self) -> bool {
        self.statements.iter().any(|rule| !rule.conditions.is_empty())
    }
}

impl Selection {
    pub(crate) fn everything() -> Self {
        Self::AllBut(Box::new([]))
    }

    pub(crate) fn applies(&self, text: &str) -> Applies {
        let found = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(text));
        let selected = match self {
            Self::Any(patterns) => found(patterns),
            Self::AllBut(patterns) => !found(patterns),
            Self::Unknown => return Applies::Unknown,
        };
        if selected { Applies::Yes } else { Applies::No }
    }
}

impl Applies {
    /// No beats unknown, unknown beats yes.
    pub(crate) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown => match other() {
                Self::No => Self::No,
                Self::Yes | Self::Unknown => Self::Unknown,
            },
        }
    }
}

impl Rule {
    pub(crate) fn applies(&self, question: &Question<'_>) -> Applies {
        self.actions
            .applies(question.action)
            .and(|| self.resources.applies(question.resource))
            .and(|| self.conditions.apply(question.context))
    }
}

/// May the principal do this?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Such as `lambda:InvokeFunction`.
    pub action: &'a str,
    /// An ARN, or `*` for actions that have no resource.
    pub resource: &'a str,
    /// What conditions look at.
    pub context: &'a Context,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

/// All policies together. A deny wins over every allow; what can't be evaluated denies, and never allows.
pub fn decide<'p>(policies: impl Iterator<Item = &'p Policy>, question: &Question<'_>) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for rule in policies.flat_map(|policy| policy.statements.iter()) {
        match (rule.effect, rule.applies(question)) {
            (Effect::Deny, Applies::Yes | Applies::Unknown) => return Decision::ExplicitDeny,
            (Effect::Allow, Applies::Yes) => decision = Decision::Allow,
            (Effect::Allow, Applies::Unknown) | (_, Applies::No) => {}
        }
    }
    decision
}
