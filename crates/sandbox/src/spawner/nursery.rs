//! Network namespaces of environments, root's mode only: made by the spawner while the environment's first process mounts.
//!
//! Making one is a quarter of what a creation costs, and needs nothing of the environment. They are made from a namespace that
//! nobody uses, the nursery, because the kernel looks there for how large a table of TCP connections a new one gets. Without
//! one of its own it shares the host's, which the kernel searches from end to end when the namespace goes: some milliseconds of
//! processor time for each environment that ends. And a function could make everybody's connections slow by filling it.
//! Invariant: outside of [`Nursery::make`] the spawner is in the host's network, and a namespace is given out once.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode as FileMode, OFlags};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::step::{At, Failed, Step};
use crate::syscalls;

/// From Linux 6.1 on; older kernels have one table for all.
const SETTING: &str = "/proc/sys/net/ipv4/tcp_child_ehash_entries";
/// Slots of an environment's table: 32 KiB. Half as many connections can wait for their last packets at the same time.
const SLOTS: &str = "4096";

/// Where they are made.
pub(super) struct Nursery {
    host: OwnedFd,
    /// None where the size of a table can't be set.
    own: Option<OwnedFd>,
}

impl Nursery {
    /// Makes it, and comes back.
    pub(super) fn open() -> Result<Self, Failed> {
        let host = current().at(Step::MakeNursery)?;
        syscalls::unshare(UnshareFlags::NEWNET).at(Step::MakeNursery)?;
        let own = sets_slots().then(current).transpose();
        go_back(&host);
        Ok(Self { host, own: own.at(Step::MakeNursery)? })
    }

    /// A new namespace in which nothing is up, and nobody.
    pub(super) fn make(&self) -> Result<OwnedFd, Failed> {
        let made = self.make_inside();
        go_back(&self.host);
        made.at(Step::MakeNetwork)
    }

    fn make_inside(&self) -> rustix::io::Result<OwnedFd> {
        if let Some(own) = &self.own {
            enter(own)?;
        }
        syscalls::unshare(UnshareFlags::NEWNET)?;
        current()
    }
}

/// Moves this process into a network namespace.
pub(crate) fn enter(namespace: impl AsFd) -> rustix::io::Result<()> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
}

fn go_back(host: &OwnedFd) {
    if enter(host).is_err() {
        // In another network it would set up the wrong host's firewall. The platform sees its end.
        syscalls::exit_now(1);
    }
}

fn current() -> rustix::io::Result<OwnedFd> {
    rustix::fs::open("/proc/self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, FileMode::empty())
}

/// Sets the size of the tables of those that are made here; false where the kernel has no such setting, or where it may not be
/// written (a container's /proc/sys): then they share the host's table.
fn sets_slots() -> bool {
    File::options().write(true).open(SETTING).and_then(|mut file| file.write_all(SLOTS.as_bytes())).is_ok()
}
