//! Which version an alias means: drawn anew for each invocation.

use crate::targets::cache::Entry;
use store::records::{AliasRecord, FunctionRecord, VersionRecord};
use store::{Key, KeyError};
use types::{AccountId, FunctionName, Random, Version};

/// An alias, ready to be followed.
pub(crate) struct Route {
    primary: Destination,
    /// Each with its share, from 0.0 to 1.0.
    others: Vec<(f64, Destination)>,
}

/// A version, and the key of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) version: Version,
    pub(crate) key: Key,
}

impl Entry for Route {}

impl Route {
    /// The route of a function's alias.
    pub(crate) fn new(
        account: AccountId,
        name: &FunctionName,
        alias: &AliasRecord,
    ) -> Result<Self, KeyError> {
        let to = |version| Destination::of(account, name, version);
        let other = |(number, share): (&u64, &f64)| Ok((*share, to(Version::Number(*number))?));
        let others = alias.weights.iter().map(other).collect::<Result<_, KeyError>>()?;
        Ok(Self { primary: to(alias.version)?, others })
    }

    /// A random destination. No randomness is used up where there is nothing to choose.
    pub(crate) fn draw(&self, random: &dyn Random) -> &Destination {
        if self.others.is_empty() {
            return &self.primary;
        }
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        self.at(fraction(u64::from_le_bytes(bytes)))
    }

    /// What a point in [0, 1) means: the shares of the others come first, in the order of their numbers; the rest is the
    /// primary's.
    fn at(&self, point: f64) -> &Destination {
        let mut end = 0.0;
        for (share, other) in &self.others {
            end += share;
            if point < end {
                return other;
            }
        }
        &self.primary
    }
}

impl Destination {
    pub(crate) fn of(account: AccountId, name: &FunctionName, version: Version) -> Result<Self, KeyError> {
        let key = match version {
            Version::Latest => FunctionRecord::place(account, name)?,
            Version::Number(number) => VersionRecord::place(account, name, number)?,
        };
        Ok(Self { version, key })
    }
}

/// Evenly spread over [0, 1): 53 random bits, as many as a double holds exactly.
fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use testkit::Seeded;
    use types::RevisionId;

    fn route(version: Version, weights: &[(u64, f64)]) -> Route {
        let alias = AliasRecord {
            version,
            weights: BTreeMap::from_iter(weights.iter().copied()),
            description: String::new(),
            revision: RevisionId::generate(&Seeded::new(1)),
        };
        Route::new(AccountId::FIRST, &"f".parse().unwrap(), &alias).unwrap()
    }

    fn number(destination: &Destination) -> u64 {
        match destination.version {
            Version::Latest => 0,
            Version::Number(number) => number,
        }
    }

    #[test]
    fn shares_end_exactly_where_they_should() {
        let quarter = route(Version::Number(1), &[(2, 0.25)]);
        for (point, version) in [(0.0, 2), (0.25_f64.next_down(), 2), (0.25, 1), (1.0_f64.next_down(), 1)] {
            assert_eq!(number(quarter.at(point)), version, "{point}");
        }
    }

    #[test]
    fn nothing_and_everything_are_exact() {
        let (none, all) = (route(Version::Latest, &[(2, 0.0)]), route(Version::Latest, &[(2, 1.0)]));
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            assert_eq!(number(none.at(fraction(random))), 0);
            assert_eq!(number(all.at(fraction(random))), 2);
        }
        assert!(fraction(u64::MAX) < 1.0);
    }

    #[test]
    fn each_version_gets_its_share() {
        let random = Seeded::new(7);
        let route = route(Version::Number(1), &[(2, 0.1), (3, 0.2)]);
        let mut counts = [0_u32; 4];
        for _ in 0..20_000 {
            counts[number(route.draw(&random)) as usize] += 1;
        }
        // Five standard deviations of a binomial distribution are below 300 here.
        for (version, expected) in [(1, 14_000), (2, 2_000), (3, 4_000)] {
            assert!(counts[version].abs_diff(expected) < 300, "{counts:?}");
        }
    }

    proptest! {
        #[test]
        fn every_point_has_one_destination(share in 0.0..=1.0_f64, random: u64) {
            let (route, point) = (route(Version::Number(1), &[(9, share)]), fraction(random));
            prop_assert!((0.0..1.0).contains(&point));
            prop_assert_eq!(number(route.at(point)), if point < share { 9 } else { 1 });
        }
    }
}
