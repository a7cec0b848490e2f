//! What functions may reach, as the operator's rules say.
//!
//! Invariant: the first rule whose pattern fits decides; where none does, the default.

use auth::policy::{Case, Pattern};
use worker::Egress;

/// The rules, in the operator's order.
#[derive(Debug, Clone, Default)]
pub struct EgressRules {
    rules: Vec<Rule>,
    default: Egress,
}

#[derive(Debug, Clone)]
struct Rule {
    /// Compared with the ARN, otherwise with the name.
    is_arn: bool,
    pattern: Pattern,
    egress: Egress,
}

impl EgressRules {
    /// Patterns with `*` and `?`, of ARNs (without a qualifier) where they begin with `arn:`, of names otherwise.
    pub fn new(rules: impl IntoIterator<Item = (String, Egress)>, default: Egress) -> Self {
        let rule = |(pattern, egress): (String, Egress)| Rule {
            is_arn: pattern.starts_with("arn:"),
            pattern: Pattern::new(&pattern, Case::Sensitive),
            egress,
        };
        Self { rules: rules.into_iter().map(rule).collect(), default }
    }

    /// That of a function.
    pub(crate) fn of(&self, arn: &str, name: &str) -> Egress {
        let fits = |rule: &&Rule| rule.pattern.matches(if rule.is_arn { arn } else { name });
        self.rules.iter().find(fits).map_or(&self.default, |rule| &rule.egress).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let list = Egress::Allow(vec!["10.0.0.1:5432".parse().unwrap()]);
        let rules = [
            ("arn:aws:lambda:*:111111111111:function:fetch-secret", Egress::None),
            ("fetch-*", Egress::Internet),
            ("arn:aws:lambda:us-east-1:222222222222:function:*", list.clone()),
        ];
        let rules = rules.map(|(pattern, egress)| (pattern.to_owned(), egress));
        let rules = EgressRules::new(rules, Egress::None);
        let of = |account: &str, name: &str| {
            rules.of(&format!("arn:aws:lambda:us-east-1:{account}:function:{name}"), name)
        };
        assert_eq!(of("111111111111", "fetch-secret"), Egress::None);
        assert_eq!(of("222222222222", "fetch-secret"), Egress::Internet);
        assert_eq!(of("222222222222", "Fetch-secret"), list);
        assert_eq!(of("111111111111", "other"), Egress::None);
        assert_eq!(EgressRules::default().of("arn:x", "fetch-1"), Egress::None);
    }
}
