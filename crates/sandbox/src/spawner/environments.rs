//! The living environments as the spawner sees them.
//!
//! ```text
//!            Create                listeners, then end of the channel
//! (nothing) ───────► SettingUp ───────────────────────────────────► Running
//!                        │ a step failed, or pid 1 died               │ lifeline closed, or out of memory on v1
//!                        ▼                                            ▼
//!                      Doomed ◄───────────────────────────────────────┘
//!                        │ pid 1 reaped, cgroups removed
//!                        ▼
//!                    (nothing; the uid is free again)
//! ```
//! Running with pid 1 dead is still Running: the platform may read the gauges until it lets go of the lifeline.
//! Invariant: a uid is given out again only after the last process that had it is reaped.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions};

use super::egress::Address;
use super::order::Order;
use super::packet;
use super::protocol::Answer;
use crate::cgroup::{Freezer, GaugeKind, OomEvent};
use crate::environment::Listeners;
use crate::step::{At, Failed, Step};

/// The place of an environment in the uid range.
pub(super) type Slot = u32;
/// The number of an environment, never used again, so that a late event can't be taken for another's.
pub(super) type Serial = u64;

/// One environment.
pub(super) struct Environment {
    pub(super) id: String,
    pub(super) slot: Slot,
    pub(super) pidfd: OwnedFd,
    pub(super) oom_event: Option<OomEvent>,
    /// Where frozen processes don't die (cgroup v1): what thaws them after a kill.
    pub(super) lets_die: Option<Freezer>,
    pub(super) state: State,
    pub(super) is_reaped: bool,
    /// Of its egress.
    pub(super) address: Option<Address>,
    /// Closed last, as the fields are dropped in this order: the platform takes its end for the end of everything.
    pub(super) lifeline: OwnedFd,
}

pub(super) enum State {
    SettingUp(Birth),
    Running,
    /// What to answer when everything is gone, if an answer is owed.
    Doomed(Option<Failed>),
}

/// What a new environment is still waiting for and will hand over.
pub(super) struct Birth {
    pub(super) channel: OwnedFd,
    pub(super) listeners: Option<Listeners>,
    pub(super) is_forked: bool,
    pub(super) failed: Option<Failed>,
    pub(super) output: OwnedFd,
    pub(super) status: OwnedFd,
    pub(super) guest: Option<OwnedFd>,
    pub(super) gauges: Vec<(GaugeKind, File)>,
    pub(super) freezer: Option<Freezer>,
}

impl Environment {
    /// Kills every process; the platform learns of it by the pidfd.
    pub(super) fn kill(&self) {
        // ESRCH: dead already.
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL).at(Step::Kill);
        if let Some(freezer) = &self.lets_die {
            freezer.let_die();
        }
    }

    /// Does to it what the platform says.
    pub(super) fn obey(&self, order: Order) {
        match order {
            Order::Kill => self.kill(),
            // ESRCH: dead already.
            Order::Terminate => {
                let _ = rustix::process::pidfd_send_signal(&self.pidfd, order.signal());
            }
        }
    }

    /// From now on it only has to end.
    pub(super) fn doom(&mut self) {
        let owed = match &self.state {
            State::Doomed(_) => return,
            State::SettingUp(birth) => Some(birth.failed.unwrap_or(died())),
            State::Running => None,
        };
        self.kill();
        self.state = State::Doomed(owed);
    }

    /// Takes pid 1's exit status off the process table.
    pub(super) fn reap(&mut self) {
        let id = WaitId::PidFd(self.pidfd.as_fd());
        self.is_reaped |=
            match rustix::process::waitid(id, WaitIdOptions::EXITED | WaitIdOptions::NOHANG).at(Step::Reap) {
                Ok(ended) => ended.is_some(),
                // It was reaped already.
                Err(failed) => failed.errno == Errno::CHILD,
            };
    }

    /// The runtime was executed, or set-up ended: hands over or dooms.
    pub(super) fn born(&mut self) {
        let State::SettingUp(birth) = &mut self.state else { return };
        match (birth.listeners.take(), birth.failed) {
            (Some(listeners), None) if birth.is_forked => {
                if hand_over(&self.lifeline, &self.pidfd, birth, &listeners).is_ok() {
                    self.state = State::Running;
                } else {
                    self.doom();
                }
            }
            _ => self.doom(),
        }
    }
}

fn died() -> Failed {
    Failed { step: Step::SetupDied, errno: Errno::SRCH }
}

fn hand_over(
    lifeline: &OwnedFd,
    pidfd: &OwnedFd,
    birth: &Birth,
    listeners: &Listeners,
) -> rustix::io::Result<()> {
    let mut bits = 0;
    let Listeners { runtime_api, platform, dns } = listeners;
    let all = [runtime_api, platform, dns, &birth.output, pidfd, &birth.status];
    let mut descriptors: Vec<BorrowedFd<'_>> = all.iter().map(|descriptor| descriptor.as_fd()).collect();
    descriptors.extend(birth.guest.as_ref().map(AsFd::as_fd));
    for kind in GaugeKind::ALL {
        if let Some((_, file)) = birth.gauges.iter().find(|(found, _)| *found == kind) {
            bits |= kind as u32;
            descriptors.push(file.as_fd());
        }
    }
    descriptors.extend(birth.freezer.as_ref().map(|freezer| freezer.file.as_fd()));
    let freezer = birth.freezer.as_ref().map(|freezer| freezer.kind);
    let answer = Answer::Created { gauges: bits, channel: birth.guest.is_some(), freezer };
    packet::send(lifeline, &answer.encode(), &descriptors)
}

/// All of them.
#[derive(Default)]
pub(super) struct Environments {
    living: BTreeMap<Serial, Environment>,
    taken: BTreeSet<Slot>,
    next: Serial,
}

impl Environments {
    /// The lowest free slot below `count`.
    pub(super) fn free_slot(&self, count: u32) -> Option<Slot> {
        let mut taken = self.taken.iter();
        (0..count).find(|slot| taken.next() != Some(slot))
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        self.living.values().any(|environment| environment.id == id)
    }

    /// The serial that the next environment gets.
    pub(super) fn next_serial(&self) -> Serial {
        self.next
    }

    pub(super) fn insert(&mut self, environment: Environment) {
        self.taken.insert(environment.slot);
        self.living.insert(self.next, environment);
        self.next += 1;
    }

    pub(super) fn get_mut(&mut self, serial: Serial) -> Option<&mut Environment> {
        self.living.get_mut(&serial)
    }

    pub(super) fn remove(&mut self, serial: Serial) -> Option<Environment> {
        let environment = self.living.remove(&serial)?;
        self.taken.remove(&environment.slot);
        Some(environment)
    }

    /// Those that are doomed and reaped: only their groups are left.
    pub(super) fn ending(&self) -> Vec<Serial> {
        let is_ending = |environment: &Environment| {
            environment.is_reaped && matches!(environment.state, State::Doomed(_))
        };
        self.living
            .iter()
            .filter(|(_, environment)| is_ending(environment))
            .map(|(serial, _)| *serial)
            .collect()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Environment> {
        self.living.values_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.living.is_empty()
    }
}
