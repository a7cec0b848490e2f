//! What is in force on this machine, found by trying it, for `doctor` and for the decision to serve.
//!
//! Invariant: a protection is listed as in force only when the spawner saw it work; what is missing says why.

/// Whether the spawner has the host's root privilege.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Root: unique host uids, cgroups.
    Privileged,
    /// A plain user: everything happens inside a user namespace.
    Rootless,
}

/// One layer or limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// A short stable name, such as `memory-limit` or `seccomp`.
    pub name: String,
    /// Whether environments have it.
    pub in_force: bool,
    /// How it is done, or why it is missing.
    pub why: String,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protections {
    /// The mode that the spawner is in.
    pub mode: Mode,
    /// Each protection once, in the order in which they are put on.
    pub list: Vec<Protection>,
}

/// What no operator can do without: names in [`Protections::list`].
const INDISPENSABLE: [&str; 3] = ["namespaces", "landlock", "seccomp"];
/// The limits without which `serve` needs the operator's word: names in [`Protections::list`].
const LIMITS: [&str; 3] = ["memory-limit", "process-limit", "time-limit"];

/// What the absence of a protection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing is served without it.
    Always,
    /// Nothing is served without it, unless the operator accepts that.
    UnlessAccepted,
    /// It is had where the machine and the mode have it.
    WherePossible,
}

/// What the absence of the protection of that name means.
pub fn need(name: &str) -> Need {
    if INDISPENSABLE.contains(&name) {
        Need::Always
    } else if LIMITS.contains(&name) {
        Need::UnlessAccepted
    } else {
        Need::WherePossible
    }
}

impl Protections {
    /// Whether the protection of that name is in force; an unknown name is not.
    pub fn has(&self, name: &str) -> bool {
        self.list.iter().any(|protection| protection.name == name && protection.in_force)
    }

    /// Those that are missing.
    pub fn missing(&self) -> impl Iterator<Item = &Protection> {
        self.list.iter().filter(|protection| !protection.in_force)
    }

    /// The names of those without which nothing is served, and which are missing; with the limits, unless the operator
    /// accepts that they are.
    pub fn lacking(&self, weak_is_accepted: bool) -> Vec<&'static str> {
        let limits: &[&str] = if weak_is_accepted { &[] } else { &LIMITS };
        INDISPENSABLE.iter().chain(limits).copied().filter(|name| !self.has(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_but(missing: &str) -> Protections {
        let names = INDISPENSABLE.iter().chain(&LIMITS);
        let list = names.map(|name| Protection {
            name: (*name).to_owned(),
            in_force: *name != missing,
            why: String::new(),
        });
        Protections { mode: Mode::Rootless, list: list.collect() }
    }

    #[test]
    fn an_operator_may_accept_missing_limits_and_nothing_else() {
        assert!(all_but("").lacking(false).is_empty());
        for name in LIMITS {
            assert_eq!(all_but(name).lacking(false), [name]);
            assert!(all_but(name).lacking(true).is_empty());
            assert_eq!(need(name), Need::UnlessAccepted);
        }
        for name in INDISPENSABLE {
            assert_eq!(all_but(name).lacking(true), [name]);
            assert_eq!(need(name), Need::Always);
        }
        assert_eq!(need("landlock-scopes"), Need::WherePossible);
    }

    #[test]
    fn what_is_not_listed_is_missing() {
        let none = Protections { mode: Mode::Privileged, list: Vec::new() };
        assert_eq!(none.lacking(true), INDISPENSABLE);
    }
}
