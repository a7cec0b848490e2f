//! The descriptors that survive: the standard streams, the runtime's channel if it has one, the status pipe and, until the
//! runtime is executed, two more.
//!
//! Invariant: everything else is closed before the identity changes, so that no descriptor of the host can leak.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode as FileMode, OFlags};
use rustix::io::FdFlags;

use super::{Plan, Prepared};
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::Layer;

/// The runtime's channel: the number that its bootstrap knows.
pub(super) const GUEST: i32 = 3;
const STATUS: i32 = 4;
const CHANNEL: i32 = 5;
const SPAWNER: i32 = 6;
const FIRST_CLOSED: u32 = 7;

/// Gives each descriptor its number.
pub(super) fn arrange(plan: &Plan) -> Result<Prepared, Failed> {
    place(plan).at(Step::StandardStreams)?;
    Ok(Prepared {
        status: adopt(STATUS).at(Step::StandardStreams)?,
        channel: adopt(CHANNEL).at(Step::StandardStreams)?,
        spawner: adopt(SPAWNER).at(Step::StandardStreams)?,
    })
}

/// Closes the rest: the plan's own descriptors are closed when this returns, also where it fails.
pub(super) fn close_rest(plan: &Plan) -> Result<(), Failed> {
    if plan.weakened.keeps(Layer::Descriptors) {
        syscalls::close_from(FIRST_CLOSED).at(Step::CloseRange)?;
    } else {
        syscalls::place_descriptor(&plan.root, FIRST_CLOSED as i32).at(Step::CloseRange)?;
        // The rest goes all the same: the set-up channel among it must end.
        syscalls::close_from(FIRST_CLOSED + 1).at(Step::CloseRange)?;
    }
    Ok(())
}

fn place(plan: &Plan) -> rustix::io::Result<()> {
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, FileMode::empty())?;
    // A final number may be the present number of another of these: all go out of the way first.
    let parked =
        [park(&null)?, park(&plan.output)?, park(&plan.status)?, park(&plan.channel)?, park(&plan.spawner)?];
    let guest = plan.guest.as_ref().map(park).transpose()?;
    let [null, output, status, channel, spawner] = &parked;
    let numbers =
        [(null, 0), (output, 1), (output, 2), (status, STATUS), (channel, CHANNEL), (spawner, SPAWNER)];
    for (fd, number) in numbers {
        syscalls::place_descriptor(fd, number)?;
    }
    match &guest {
        Some(guest) => syscalls::place_descriptor(guest, GUEST),
        None => {
            // Whatever had the number in the spawner.
            drop(syscalls::adopt_descriptor(GUEST));
            Ok(())
        }
    }
}

fn park(fd: impl AsFd) -> rustix::io::Result<OwnedFd> {
    rustix::io::fcntl_dupfd_cloexec(fd, FIRST_CLOSED as i32)
}

fn adopt(number: i32) -> rustix::io::Result<OwnedFd> {
    let fd = syscalls::adopt_descriptor(number).ok_or(rustix::io::Errno::BADF)?;
    rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    Ok(fd)
}
