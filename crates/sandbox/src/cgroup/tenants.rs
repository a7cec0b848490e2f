//! Who has environments, by name and number, and how much memory one of them may use.
//!
//! Invariant: a tenant is known exactly as long as its group is there, or failed to be made or removed just now.

use std::collections::BTreeMap;

/// Which part of the memory of all a tenant leaves to others: whatever it uses, the first that is ended for it is its own.
const LEFT_TO_OTHERS: u64 = 8;

/// Those that have environments. Bounded by the environments.
pub(super) struct Tenants {
    memory_bytes: u64,
    of: BTreeMap<String, String>,
    counts: BTreeMap<String, usize>,
}

impl Tenants {
    /// None yet, where all environments together may use this much.
    pub(super) fn of(all_bytes: u64) -> Self {
        let memory_bytes = all_bytes - all_bytes / LEFT_TO_OTHERS;
        Self { memory_bytes, of: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// What the environments of one may use together.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Counts an environment in; true when it is its tenant's first.
    pub(super) fn enter(&mut self, tenant: &str, id: &str) -> bool {
        self.of.insert(id.to_owned(), tenant.to_owned());
        let count = self.counts.entry(tenant.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    /// Whose an environment is, and whether it is the last.
    pub(super) fn find(&self, id: &str) -> Option<(&str, bool)> {
        let tenant = self.of.get(id)?;
        Some((tenant, self.counts.get(tenant) == Some(&1)))
    }

    /// Counts it out.
    pub(super) fn leave(&mut self, id: &str) {
        let Some(tenant) = self.of.remove(id) else { return };
        match self.counts.get_mut(&tenant) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                self.counts.remove(&tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn first_and_last_are_told_whatever_the_order(steps in prop::collection::vec((0u8..3, 0u8..12), 0..100)) {
            let mut tenants = Tenants::of(800);
            let mut living: BTreeMap<u8, u8> = BTreeMap::new();
            for (tenant, id) in steps {
                let others = |living: &BTreeMap<u8, u8>, of: u8| living.values().filter(|one| **one == of).count();
                let name = id.to_string();
                if let Some(of) = living.remove(&id) {
                    let (owner, is_last) = (of.to_string(), others(&living, of) == 0);
                    prop_assert_eq!(tenants.find(&name), Some((owner.as_str(), is_last)));
                    tenants.leave(&name);
                } else {
                    let is_first = others(&living, tenant) == 0;
                    prop_assert_eq!(tenants.enter(&tenant.to_string(), &name), is_first);
                    living.insert(id, tenant);
                }
                prop_assert_eq!(tenants.of.len(), living.len());
                prop_assert_eq!(tenants.counts.values().sum::<usize>(), living.len());
            }
        }
    }

    #[test]
    fn a_tenant_leaves_an_eighth() {
        assert_eq!(Tenants::of(800).memory_bytes(), 700);
        assert_eq!(Tenants::of(7).memory_bytes(), 7);
    }

    #[test]
    fn who_is_unknown_is_nobodys() {
        let mut tenants = Tenants::of(8);
        tenants.leave("one");
        assert_eq!(tenants.find("one"), None);
    }
}
