//! What functions may reach, as the operator's rules say.
//!
//! Invariants: the first rule whose pattern fits decides; where none does, the default. Every pattern says of whose functions it
//! speaks: whoever may create functions chooses their names.

use auth::policy::{Case, Pattern};
use std::str::FromStr;
use types::AccountId;
use worker::Egress;

/// The rules, in the operator's order.
#[derive(Debug, Clone, Default)]
pub struct EgressRules {
    rules: Vec<(EgressPattern, Egress)>,
    default: Egress,
}

/// Functions of one account (`111122223333:fetch-*`), of every account (`*:fetch-*`), or by ARN without a qualifier; with `*` and
/// `?`.
#[derive(Debug, Clone)]
pub struct EgressPattern {
    /// Compared with the ARN, otherwise with account and name.
    is_arn: bool,
    pattern: Pattern,
}

/// What is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} does not say of whose functions it speaks; write ACCOUNT:NAME, such as 111122223333:fetch-*, or *:NAME for \
     functions of every account, or an ARN"
)]
pub struct UnownedPattern(String);

impl FromStr for EgressPattern {
    type Err = UnownedPattern;

    fn from_str(text: &str) -> Result<Self, UnownedPattern> {
        let is_arn = text.starts_with("arn:");
        let names_account = text.split_once(':').is_some_and(|(account, name)| {
            !name.is_empty()
                && !name.contains(':')
                && (account == "*" || account.parse::<AccountId>().is_ok())
        });
        if is_arn || names_account {
            Ok(Self { is_arn, pattern: Pattern::new(text, Case::Sensitive) })
        } else {
            Err(UnownedPattern(text.to_owned()))
        }
    }
}

impl EgressRules {
    /// Rules, and what functions may reach that none of them fits.
    pub fn new(rules: Vec<(EgressPattern, Egress)>, default: Egress) -> Self {
        Self { rules, default }
    }

    /// That of a function.
    pub(crate) fn of(&self, arn: &str, account: AccountId, name: &str) -> Egress {
        let owned = format!("{account}:{name}");
        let fits =
            |(of, _): &&(EgressPattern, Egress)| of.pattern.matches(if of.is_arn { arn } else { &owned });
        self.rules.iter().find(fits).map_or(&self.default, |(_, egress)| egress).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[(&str, &Egress)]) -> EgressRules {
        let rules = rules.iter().map(|(pattern, egress)| (pattern.parse().unwrap(), (*egress).clone()));
        EgressRules::new(rules.collect(), Egress::None)
    }

    fn of(rules: &EgressRules, account: &str, name: &str) -> Egress {
        let arn = format!("arn:aws:lambda:us-east-1:{account}:function:{name}");
        rules.of(&arn, account.parse().unwrap(), name)
    }

    const ONE: &str = "111111111111";
    const TWO: &str = "222222222222";

    #[test]
    fn the_first_rule_that_fits_decides() {
        let list = Egress::Allow(vec!["10.0.0.1:5432".parse().unwrap()]);
        let rules = rules(&[
            ("arn:aws:lambda:*:111111111111:function:fetch-secret", &Egress::None),
            ("*:fetch-*", &Egress::Internet),
            ("arn:aws:lambda:us-east-1:222222222222:function:*", &list),
        ]);
        assert_eq!(of(&rules, ONE, "fetch-secret"), Egress::None);
        assert_eq!(of(&rules, TWO, "fetch-secret"), Egress::Internet);
        assert_eq!(of(&rules, TWO, "Fetch-secret"), list);
        assert_eq!(of(&rules, ONE, "other"), Egress::None);
        assert_eq!(of(&EgressRules::default(), ONE, "fetch-1"), Egress::None);
    }

    #[test]
    fn a_name_is_one_accounts_or_said_to_be_everybodys() {
        let rules = rules(&[("111111111111:fetch-*", &Egress::Internet)]);
        assert_eq!(of(&rules, ONE, "fetch-1"), Egress::Internet);
        assert_eq!(of(&rules, TWO, "fetch-1"), Egress::None);
        for unowned in ["fetch-*", "*", "", ":f", "*:", "1111*:f", "11111111111?:f", "*:a:b", "function:f"] {
            let refused = unowned.parse::<EgressPattern>().unwrap_err().to_string();
            assert!(
                refused.starts_with(&format!("{unowned:?} does not say of whose functions")),
                "{refused}"
            );
        }
    }
}
