//! What a hostile function tries, as data: each attack with what runs inside, what stops it, and how it looks without that.
//!
//! ```text
//! Target::run ─ stage (what lies outside: a listener, a neighbour, …) ─ environment ─ fork ─ an attack tries ─ one line out
//!                                                                        └ one for all that do no harm, else one each
//! ```
//! The attacker is the executable that this crate is linked to, so that what is tried is what is shipped. It is our own
//! program, and its word is taken. Invariant: an attack counts as held only when its own line says so; a silence is an end of
//! the environment that nothing here caused, and so a breach.

mod call;
mod egress;
mod escapes;
mod files;
mod ground;
mod identity;
mod inside;
mod names;
mod network;
mod proc;
mod reachable;
mod refusal;
mod resources;
mod run;
mod side_channels;
mod sockets;
mod stage;
mod stranger;
mod swap;
mod system_calls;
mod time;
mod user_namespaces;

pub use ground::{build_root, stage_code};
pub use inside::run_if_attacker;
pub use refusal::NOT_TRIED;
pub use run::Target;

use refusal::Verdict;
use stage::{Facts, Stage};

use crate::error::AttackError;
use crate::protections::{Mode, Protections};
use crate::weaken::Layer;

/// One attack.
#[derive(Debug)]
pub struct Attack {
    /// Stable, in kebab-case.
    pub name: &'static str,
    /// Where it belongs.
    pub group: Group,
    /// The protection that stops it: a name in [`crate::Protections::list`].
    pub protection: &'static str,
    /// What a function tries, in one line.
    pub what: &'static str,
    /// Whether neighbours could feel it: bombs and floods.
    pub disturbs: bool,
    /// Whether the rootless mode promises nothing here although the protection is in force, and why.
    pub not_rootless: Option<&'static str>,
    /// The sandboxes in which it succeeds.
    pub twins: Twins,
    /// What runs inside.
    pub(crate) inside: fn(&Facts) -> Verdict,
    pub(crate) place: Place,
}

/// Kinds of attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Group {
    /// Calls that the filter refuses.
    SystemCalls,
    /// Families of sockets, and sockets of others.
    Sockets,
    /// User namespaces, which open most of the kernel.
    UserNamespaces,
    /// What the kernel shows and lets one steer.
    Proc,
    /// Escapes that other sandboxes had.
    Escapes,
    /// Being somebody else.
    Identity,
    /// Taking more than was given.
    Resources,
    /// Changing what others read.
    Files,
    /// Reaching what is not one's own.
    Network,
    /// Learning from what is shared.
    SideChannels,
}

/// Where an attack is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// In the environment that all harmless ones share, in a process of its own.
    Shared,
    /// There too, but the process that tries must be killed by this signal; it prints what it got if it was not.
    Killed(i32),
    /// In an environment of its own, which it may leave in any state.
    Alone,
    /// As this function arranges it; it judges as well.
    Staged(fn(&Stage<'_>) -> Result<Verdict, AttackError>),
}

/// The sandbox, in each mode, in which an attack succeeds, so that it is known to be able to.
#[derive(Debug, Clone, Copy)]
pub struct Twins {
    /// With root's privilege.
    pub privileged: Twin,
    /// As a plain user.
    pub rootless: Twin,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub enum Twin {
    /// It gets through without these layers, and each of them alone stops it.
    Without(&'static [Layer]),
    /// It gets through environments of a spawner that was itself started without this layer.
    Start(Layer),
    /// There is no such sandbox, for this reason.
    None(&'static str),
}

impl Twins {
    /// The same in both modes.
    pub(crate) const fn without(layers: &'static [Layer]) -> Self {
        Self { privileged: Twin::Without(layers), rootless: Twin::Without(layers) }
    }

    /// In none.
    pub(crate) const fn none(why: &'static str) -> Self {
        Self { privileged: Twin::None(why), rootless: Twin::None(why) }
    }
}

/// What came of an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It was refused, and the function survived the refusal.
    Held {
        /// The refusal.
        how: String,
    },
    /// It got through.
    Broken {
        /// What it got.
        what: String,
    },
    /// It got through where this mode or this machine doesn't promise to stop it.
    NotEnforceable {
        /// What is missing.
        why: String,
    },
}

impl Attack {
    /// The usual kind; every attack names the rest.
    pub(crate) const SHARED: Self = Self {
        name: "",
        group: Group::SystemCalls,
        protection: "",
        what: "",
        disturbs: false,
        not_rootless: None,
        twins: Twins::none(""),
        inside: |_| Ok(String::new()),
        place: Place::Shared,
    };

    /// Whether it can be tried where these protections are: nothing can be done by egress that there is not, and some of what is
    /// outside takes a right that root lacks in some containers.
    pub fn applies(&self, protections: &Protections) -> bool {
        match self.protection {
            "egress" => protections.has("egress"),
            "landlock" | "landlock-scopes" => stranger::can_be_staged(protections.mode == Mode::Privileged),
            _ => true,
        }
    }
}

/// Every attack, group by group.
pub fn all() -> impl Iterator<Item = &'static Attack> {
    [
        system_calls::ATTACKS,
        sockets::ATTACKS,
        user_namespaces::ATTACKS,
        proc::ATTACKS,
        escapes::ATTACKS,
        identity::ATTACKS,
        files::ATTACKS,
        network::ATTACKS,
        resources::ATTACKS,
        time::ATTACKS,
        swap::ATTACKS,
        names::ATTACKS,
        egress::ATTACKS,
        stranger::ATTACKS,
        side_channels::ATTACKS,
    ]
    .into_iter()
    .flatten()
}

/// The attack of that name.
fn find(name: &str) -> Option<&'static Attack> {
    all().find(|attack| attack.name == name)
}

#[cfg(test)]
mod tests;
