//! v1 tells of a lack of memory by an event, and kills one process: the spawner kills the rest, as v2's `memory.oom.group` does.
//!
//! A lack in the group of all environments is told to each of them, and it is told before anything is killed. So the event says
//! only that it is time to look, for a while: what counts is the group's own counter of what was killed.
//! Invariant: an environment is not killed for what another did.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::event::EventfdFlags;

use super::gauges::field;
use super::write_value;
use crate::handle::read_gauge;
use crate::step::{At, Failed, Step};

/// The event of one group.
pub(crate) struct OomEvent {
    event: OwnedFd,
    control: File,
}

impl OomEvent {
    /// Asks for it.
    pub(super) fn of(group: &Path) -> Result<Self, Failed> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let event = rustix::event::eventfd(0, flags).at(Step::CgroupOpen)?;
        let control = File::open(group.join("memory.oom_control")).at(Step::CgroupOpen)?;
        let line = format!("{} {}", event.as_raw_fd(), control.as_raw_fd());
        write_value(&group.join("cgroup.event_control"), &line)?;
        Ok(Self { event, control })
    }

    /// To be called when it is readable, so that it can come again.
    pub(crate) fn clear(&self) {
        // Nothing in it: somebody was faster.
        let _ = rustix::io::read(&self.event, &mut [0; 8]);
    }

    /// Whether something in the group was killed. A kernel that does not count (before 4.13) is taken to have killed.
    pub(crate) fn has_killed(&self) -> bool {
        read_gauge(&self.control).and_then(|text| field(&text, "oom_kill")).is_none_or(|count| count > 0)
    }
}

impl AsFd for OomEvent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
