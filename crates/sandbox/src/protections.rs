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

/// The limits without which `serve` needs the operator's word: names in [`Protections::list`].
const REQUIRED: [&str; 3] = ["memory-limit", "process-limit", "time-limit"];

impl Protections {
    /// Whether the protection of that name is in force; an unknown name is not.
    pub fn has(&self, name: &str) -> bool {
        self.list.iter().any(|protection| protection.name == name && protection.in_force)
    }

    /// Those that are missing.
    pub fn missing(&self) -> impl Iterator<Item = &Protection> {
        self.list.iter().filter(|protection| !protection.in_force)
    }

    /// Whether memory, process and time limits are all in force.
    pub fn are_strong(&self) -> bool {
        REQUIRED.iter().all(|name| self.has(name))
    }
}
