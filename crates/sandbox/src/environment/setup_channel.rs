//! What the first process is given by the spawner, its network namespace, and what it tells the spawner: its listeners, then
//! that it forked, or the step that failed; silence and the end of file after that mean that the runtime was executed.
//!
//! Invariant: the channel is closed in every process of the environment before the runtime's first instruction.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;

use super::Listeners;
use crate::spawner::packet;
use crate::step::{At, Failed, Step};

/// Kind, step, errno.
const LENGTH: usize = 7;
const LISTENERS: u8 = 1;
const FAILURE: u8 = 2;
const FORKED: u8 = 3;
const NETWORK: u8 = 4;

/// One thing said.
#[derive(Debug)]
pub(crate) enum Report {
    /// The listeners inside.
    Listeners(Listeners),
    /// The set-up failed.
    Failed(Failed),
    /// Everything is on, and the runtime's process is there.
    Forked,
    /// The channel is closed.
    End,
}

/// Hands the first process its network namespace.
pub(crate) fn send_network(channel: &OwnedFd, namespace: &OwnedFd) -> Result<(), Failed> {
    packet::send(channel, &encode(NETWORK, 0, 0), &[namespace.as_fd()]).at(Step::HandNetwork)
}

/// Waits for it: the spawner makes it right now, and its end is the end of the wait.
pub(super) fn receive_network(channel: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let received = packet::receive(channel, LENGTH)?.ok_or(Errno::PIPE)?;
    match (received.bytes.first(), received.descriptors.into_iter().next()) {
        (Some(&NETWORK), Some(namespace)) => Ok(namespace),
        _ => Err(Errno::PROTO),
    }
}

pub(super) fn send_listeners(channel: &OwnedFd, listeners: &Listeners) -> Result<(), Failed> {
    let Listeners { runtime_api, platform, dns } = listeners;
    let descriptors = [runtime_api.as_fd(), platform.as_fd(), dns.as_fd()];
    packet::send(channel, &encode(LISTENERS, 0, 0), &descriptors).at(Step::SendListeners)
}

/// Without it, the end of the channel is that of a first process that died.
pub(super) fn send_forked(channel: &OwnedFd) {
    // When this fails, the spawner is gone, and so is this process.
    let _ = packet::send(channel, &encode(FORKED, 0, 0), &[]);
}

pub(super) fn send_failure(channel: &OwnedFd, failed: Failed) {
    // When this fails too, the end of file says that set-up died.
    let _ = packet::send(channel, &encode(FAILURE, failed.step.number(), failed.errno.raw_os_error()), &[]);
}

/// Takes the next report; called when the channel is readable.
pub(crate) fn receive_report(channel: &OwnedFd) -> Result<Report, Failed> {
    let received = match packet::receive(channel, 64) {
        // It ended before it took what it was handed. The kernel says that first, once, and then what it had said.
        Err(Errno::CONNRESET) => packet::receive(channel, 64),
        received => received,
    };
    let Some(received) = received.at(Step::SetupSpoke)? else { return Ok(Report::End) };
    let bytes: [u8; LENGTH] = received.bytes.try_into().map_err(|_| nonsense())?;
    match bytes[0] {
        LISTENERS => {
            let all: [OwnedFd; 3] = received.descriptors.try_into().map_err(|_| nonsense())?;
            let [runtime_api, platform, dns] = all;
            Ok(Report::Listeners(Listeners { runtime_api, platform, dns }))
        }
        FORKED => Ok(Report::Forked),
        FAILURE => decode_failure(&bytes).map(Report::Failed).ok_or(nonsense()),
        _ => Err(nonsense()),
    }
}

fn encode(kind: u8, step: u16, errno: i32) -> [u8; LENGTH] {
    let ([s0, s1], [e0, e1, e2, e3]) = (step.to_le_bytes(), errno.to_le_bytes());
    [kind, s0, s1, e0, e1, e2, e3]
}

fn decode_failure(bytes: &[u8; LENGTH]) -> Option<Failed> {
    let [_, s0, s1, e0, e1, e2, e3] = *bytes;
    let errno = i32::from_le_bytes([e0, e1, e2, e3]);
    let step = Step::from_number(u16::from_le_bytes([s0, s1]))?;
    (1..=4095).contains(&errno).then(|| Failed { step, errno: Errno::from_raw_os_error(errno) })
}

fn nonsense() -> Failed {
    Failed { step: Step::SetupSpoke, errno: Errno::PROTO }
}
