//! From the entries of a pattern to a rule: what stands under the same name is brought together, and `$or` is multiplied
//! out where it has to be.
//!
//! It has to be where a branch speaks of a field of which something beside it speaks too: their conditions may meet in
//! one array of an event, and must then be found in the same element. Otherwise `$or` stays a choice.
//!
//! Invariant: a field has one list of values in a rule; of two for the same combination the later one counts, as in
//! `event-ruler`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::PatternError;
use crate::parse::Entry;
use crate::rule::{Field, Leaf, Rule};

/// How many combinations all `$or` of a pattern may have together. Source: EventBridge, "Or matching".
const COMBINATIONS: u64 = 1_000;
/// How many fields may result from multiplying out, so that a pattern of 4 KB stays below some megabytes. Ours: real
/// patterns multiply out almost nothing.
const FIELDS: usize = 20_000;

/// Compiles the entries of a pattern.
pub(crate) fn rule(entries: &[Entry]) -> Result<Rule, PatternError> {
    if combinations(entries) > COMBINATIONS {
        return Err(PatternError::TooManyCombinations(COMBINATIONS));
    }
    build(&entries.iter().collect::<Vec<_>>(), &mut 0)
}

/// How many rules without `$or` a pattern stands for.
fn combinations(entries: &[Entry]) -> u64 {
    entries.iter().fold(1, |product, entry| {
        let factor = match entry {
            Entry::Values(..) => 1,
            Entry::Fields(_, inner) => combinations(inner),
            Entry::Or(branches) => {
                branches.iter().fold(0_u64, |sum, branch| sum.saturating_add(combinations(branch)))
            }
        };
        product.saturating_mul(factor)
    })
}

fn build(entries: &[&Entry], made: &mut usize) -> Result<Rule, PatternError> {
    let users = users(entries);
    // A name that something uses beside an `$or` which uses it.
    let tangled = |name: &str| users.get(name).is_some_and(|users| users.any > 1 && users.or > 0);
    let mut plain = Vec::new();
    let mut choices = Vec::new();
    // Names that go along because a tangled `$or` uses them.
    let mut along: BTreeMap<&str, ()> = BTreeMap::new();
    for branches in ors(entries) {
        let names = names(branches);
        if names.keys().any(|name| tangled(name)) {
            along.extend(names);
        } else {
            choices.push(choice(branches, made)?);
        }
    }
    let mut products: Vec<Vec<&Entry>> = vec![Vec::new()];
    for entry in entries {
        match entry {
            Entry::Or(branches) if names(branches).keys().any(|name| along.contains_key(name)) => {
                products = multiplied(&products, branches);
            }
            Entry::Or(_) => {}
            Entry::Values(name, _) | Entry::Fields(name, _) if along.contains_key(name.as_str()) => {
                products.iter_mut().for_each(|product| product.push(entry));
            }
            Entry::Values(..) | Entry::Fields(..) => plain.push(*entry),
        }
    }
    if !along.is_empty() {
        choices.push(products.iter().map(|product| build(product, made)).collect::<Result<_, _>>()?);
    }
    Ok(Rule::new(fields(&plain, made)?, choices))
}

/// Who uses a name in an object: anything, and `$or`s among them.
#[derive(Default)]
struct Users {
    any: usize,
    or: usize,
}

/// Fields of one name count once, however often they are given.
fn users<'e>(entries: &[&'e Entry]) -> BTreeMap<&'e str, Users> {
    let mut users: BTreeMap<&str, Users> = BTreeMap::new();
    for entry in entries {
        if let Entry::Values(name, _) | Entry::Fields(name, _) = entry {
            users.entry(name).or_default().any = 1;
        }
    }
    for branches in ors(entries) {
        for name in names(branches).into_keys() {
            let users = users.entry(name).or_default();
            users.any += 1;
            users.or += 1;
        }
    }
    users
}

fn ors<'e>(entries: &[&'e Entry]) -> impl Iterator<Item = &'e Vec<Vec<Entry>>> {
    entries.iter().filter_map(|entry| match entry {
        Entry::Or(branches) => Some(branches),
        _ => None,
    })
}

/// The names of which branches speak, in their own `$or`s too.
fn names(branches: &[Vec<Entry>]) -> BTreeMap<&str, ()> {
    let mut all = BTreeMap::new();
    for entry in branches.iter().flatten() {
        match entry {
            Entry::Values(name, _) | Entry::Fields(name, _) => all.extend([(name.as_str(), ())]),
            Entry::Or(inner) => all.extend(names(inner)),
        }
    }
    all
}

/// Each of the products with each of the branches. There are never more than `COMBINATIONS`.
fn multiplied<'e>(products: &[Vec<&'e Entry>], branches: &'e [Vec<Entry>]) -> Vec<Vec<&'e Entry>> {
    let with =
        |product: &Vec<&'e Entry>, branch: &'e [Entry]| product.iter().copied().chain(branch).collect();
    products.iter().flat_map(|product| branches.iter().map(move |branch| with(product, branch))).collect()
}

fn choice(branches: &[Vec<Entry>], made: &mut usize) -> Result<Box<[Rule]>, PatternError> {
    branches.iter().map(|branch| build(&branch.iter().collect::<Vec<_>>(), made)).collect()
}

/// Brings together what stands under the same name.
fn fields(entries: &[&Entry], made: &mut usize) -> Result<Vec<Field>, PatternError> {
    let mut by_name: BTreeMap<&str, (Option<&Arc<Leaf>>, Vec<&Entry>)> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Values(name, leaf) => by_name.entry(name).or_default().0 = Some(leaf),
            Entry::Fields(name, inner) => by_name.entry(name).or_default().1.extend(inner),
            Entry::Or(_) => {}
        }
    }
    *made += by_name.len();
    if *made > FIELDS {
        return Err(PatternError::TooComplex);
    }
    let field = |(name, (leaf, inner)): (&str, (Option<&Arc<Leaf>>, Vec<&Entry>))| {
        let inner = if inner.is_empty() { None } else { Some(build(&inner, made)?) };
        Ok(Field { name: name.into(), leaf: leaf.cloned(), inner })
    };
    by_name.into_iter().map(field).collect()
}
