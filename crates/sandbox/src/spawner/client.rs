//! The platform's end of the conversation.
//!
//! Invariant: no lock. Each request brings the socket on which its answer comes, so that threads don't wait for each other,
//! and that socket then is the environment's lifeline.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;

use super::packet::{self, Packet};
use super::protocol::{self, Answer, MAX_ANSWER, Refusal, RequestHeader, RequestKind};
use super::{END_PATIENCE, SpawnerOptions, launch};
use crate::cgroup::{Freezer, FreezerKind, Gauges};
use crate::error::{CreateError, StartError};
use crate::failpoints;
use crate::handle::{Sandbox, wait_readable};
use crate::protections::Protections;
use crate::spec::SandboxSpec;
use crate::step::{Failed, Step};
use crate::weaken::Weakened;

/// Longest wait for an answer, in seconds: a creation takes milliseconds, but a machine can be overloaded.
const PATIENCE: u64 = 10;

/// Starts the spawner and waits until it is ready.
pub(super) fn start(
    options: &SpawnerOptions,
    weakened: Weakened,
) -> Result<(launch::Launched, OwnedFd, Protections), StartError> {
    let launched = launch::launch(weakened)?;
    failpoints::arm_spawner(&launched.socket);
    match introduce(&launched, options) {
        Ok((staging, protections)) => Ok((launched, staging, protections)),
        Err(error) => {
            let launch::Launched { socket, process } = launched;
            drop(socket);
            launch::reap(&process, END_PATIENCE);
            Err(error)
        }
    }
}

fn introduce(
    launched: &launch::Launched,
    options: &SpawnerOptions,
) -> Result<(OwnedFd, Protections), StartError> {
    let body = protocol::encode_options(options);
    let memfd = packet::seal_body(&body).map_err(|_| StartError::Silent)?;
    let header = RequestHeader { kind: RequestKind::Start, body_length: body.len() }.encode();
    packet::send(&launched.socket, &header, &[memfd.as_fd()]).map_err(|_| StartError::Silent)?;
    if !wait_readable(&launched.socket, Duration::from_secs(PATIENCE)) {
        return Err(StartError::Silent);
    }
    let answer = packet::receive(&launched.socket, MAX_ANSWER).ok().flatten().ok_or(StartError::Silent)?;
    match Answer::decode(&answer.bytes) {
        Ok(Answer::Ready(protections)) => {
            let staging = answer.descriptors.into_iter().next().ok_or(StartError::Silent)?;
            Ok((staging, protections))
        }
        Ok(Answer::Failed(Failed { step: Step::ClaimUids, errno: Errno::AGAIN })) => {
            Err(StartError::UidsTaken { base: options.uid_base, count: options.uid_count })
        }
        Ok(Answer::Failed(failed)) => Err(failed.into()),
        Ok(Answer::Unprotected(why)) => Err(StartError::Unprotected(why)),
        _ => Err(StartError::Silent),
    }
}

/// Asks for an environment.
pub(super) fn create(
    socket: &OwnedFd,
    spec: &SandboxSpec,
    weakened: Weakened,
) -> Result<Sandbox, CreateError> {
    spec.check()?;
    let body = protocol::encode_spec(spec, weakened);
    let memfd = packet::seal_body(&body).map_err(CreateError::Ask)?;
    let (lifeline, theirs) = packet::socket_pair().map_err(|errno| CreateError::Ask(errno.into()))?;
    let header = RequestHeader { kind: RequestKind::Create, body_length: body.len() }.encode();
    packet::send(socket, &header, &[theirs.as_fd(), memfd.as_fd()]).map_err(|errno| match errno {
        Errno::PIPE | Errno::CONNRESET => CreateError::SpawnerGone,
        other => CreateError::Ask(other.into()),
    })?;
    drop(theirs);
    if !wait_readable(&lifeline, Duration::from_secs(PATIENCE)) {
        return Err(CreateError::Timeout(PATIENCE));
    }
    match packet::receive(&lifeline, MAX_ANSWER) {
        Ok(Some(answer)) => take_answer(answer, lifeline),
        Ok(None) | Err(Errno::CONNRESET) => Err(CreateError::SpawnerGone),
        Err(errno) => Err(CreateError::Ask(errno.into())),
    }
}

fn take_answer(packet: Packet, lifeline: OwnedFd) -> Result<Sandbox, CreateError> {
    match Answer::decode(&packet.bytes) {
        Ok(Answer::Created { gauges, channel, freezer }) => {
            let mut fds = packet.descriptors.into_iter();
            sandbox(&mut fds, gauges, channel, freezer, lifeline).ok_or(CreateError::Answer)
        }
        Ok(Answer::Failed(failed)) => Err(failed.into()),
        Ok(Answer::Refused(Refusal::Full)) => Err(CreateError::Full),
        Ok(Answer::Refused(Refusal::NoEgress)) => Err(CreateError::NoEgress),
        Ok(Answer::Refused(Refusal::Duplicate)) => Err(CreateError::Duplicate),
        _ => Err(CreateError::Answer),
    }
}

fn sandbox(
    fds: &mut impl Iterator<Item = OwnedFd>,
    gauges: u32,
    has_channel: bool,
    freezer: Option<FreezerKind>,
    lifeline: OwnedFd,
) -> Option<Sandbox> {
    let (runtime_api, platform, dns) =
        (Some(fds.next()?.into()), Some(fds.next()?.into()), Some(fds.next()?.into()));
    let (output, pidfd, status) = (fds.next()?, fds.next()?, fds.next()?);
    let channel = if has_channel { Some(fds.next()?.into()) } else { None };
    let gauges = Gauges::from_descriptors(gauges, fds)?;
    let freezer = match freezer {
        Some(kind) => Some(Freezer { kind, file: fds.next()?.into() }),
        None => None,
    };
    Some(Sandbox { runtime_api, platform, dns, output, pidfd, status, channel, lifeline, gauges, freezer })
}
