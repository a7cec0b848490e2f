//! How the spawner comes to life: the executable, copied into a sealed memfd, run again by a child of the platform.
//!
//! Invariant: the spawner's code can't be overwritten through `/proc/PID/exe`, because nothing can write to a sealed memfd.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, WaitId, WaitIdOptions, WaitOptions};

use super::{packet, server};
use crate::error::StartError;
use crate::handle::wait_readable;
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// What the spawner is called in a process list, and how it knows itself.
const NAME: &str = "lambent-spawner";
/// The descriptor on which the spawner finds its socket.
const SOCKET: i32 = 3;

/// The spawner just after its birth.
pub(crate) struct Launched {
    pub(crate) socket: OwnedFd,
    pub(crate) process: OwnedFd,
}

/// To be called in the first line of `main`: `Some` when this process was executed as the spawner, has done its work and must
/// end with that code.
pub fn run_if_spawner() -> Option<ExitCode> {
    if !is_spawner() {
        return None;
    }
    let socket = syscalls::adopt_descriptor(SOCKET)?;
    let kind = rustix::net::sockopt::socket_type(&socket).ok()?;
    (kind == rustix::net::SocketType::SEQPACKET).then(|| server::run(socket))
}

fn is_spawner() -> bool {
    std::env::args_os().next().is_some_and(|name| name == NAME)
}

pub(crate) fn launch(weakened: Weakened) -> Result<Launched, StartError> {
    // A main() that does not ask run_if_spawner() would start platforms without end.
    if is_spawner() {
        return Err(StartError::Silent);
    }
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(StartError::Threads(threads));
    }
    raise_descriptor_limit()?;
    let executable = sealed_executable(weakened)?;
    let (ours, theirs) = packet::socket_pair().at(Step::MakeSocketPair)?;
    match syscalls::fork() {
        // Only here: behind a fork that succeeded, this place is in two processes.
        Err(errno) => Err(Failed { step: Step::Fork, errno }.into()),
        Ok(Some(pid)) => match watch(pid) {
            Ok(process) => Ok(Launched { socket: ours, process }),
            Err(failed) => {
                drop((ours, theirs));
                // It sees the end of file and ends.
                let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
                Err(failed.into())
            }
        },
        Ok(None) => become_spawner(&executable, &theirs),
    }
}

/// As many descriptors for the platform as the system lets it have; the limit that a shell gives is meant for other programs.
///
/// Each environment takes several. And the kernel refuses to send descriptors while more of the same user are on their way
/// than the sender may have open. Rootless, environments are that user too: a function that leaves a thousand of its own
/// unread would otherwise keep every further environment from being made.
fn raise_descriptor_limit() -> Result<(), Failed> {
    let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard }).at(Step::SetLimits)
}

fn watch(pid: Pid) -> Result<OwnedFd, Failed> {
    rustix::process::pidfd_open(pid, PidfdFlags::empty()).at(Step::Fork)
}

/// Waits for the spawner's end and takes its exit status off the process table.
pub(super) fn reap(process: &OwnedFd, patience: Duration) {
    if wait_readable(process, patience) {
        // Its status is of no interest; that it had to be reaped is all.
        let _ = rustix::process::waitid(WaitId::PidFd(process.as_fd()), WaitIdOptions::EXITED);
    }
}

fn become_spawner(executable: &OwnedFd, socket: &OwnedFd) -> ! {
    if syscalls::place_descriptor(socket, SOCKET).is_ok() {
        let name = CString::new(NAME).unwrap_or_default();
        syscalls::execute_descriptor(executable, &[name], &[]);
    }
    // The platform sees the end of file on the socket.
    syscalls::exit_now(127)
}

fn sealed_executable(weakened: Weakened) -> Result<OwnedFd, Failed> {
    let mut source = File::open("/proc/self/exe").at(Step::CopyExecutable)?;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memfd = match rustix::fs::memfd_create(NAME, flags | MemfdFlags::EXEC) {
        // Before Linux 6.3 every memfd was executable and the flag unknown.
        Err(Errno::INVAL) => rustix::fs::memfd_create(NAME, flags),
        result => result,
    };
    let mut copy = File::from(memfd.at(Step::CopyExecutable)?);
    std::io::copy(&mut source, &mut copy).at(Step::CopyExecutable)?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    if weakened.keeps(Layer::Seals) {
        rustix::fs::fcntl_add_seals(&copy, seals).at(Step::SealExecutable)?;
    }
    Ok(copy.into())
}
