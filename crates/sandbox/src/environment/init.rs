//! pid 1 of an environment: starts the runtime, reaps what is orphaned, reports how the runtime ended, and ends.
//!
//! Its end kills everything in the pid namespace. SIGTERM is passed on to the runtime; other signals from inside can't reach
//! it, as it has no handlers. Invariant: init holds nothing but the status pipe while foreign code runs.

use std::io::Write;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use super::streams::GUEST;
use super::{Plan, Prepared};
use crate::failpoints::{self, Process};
use crate::step::{At, Failed, Step};
use crate::syscalls;

const TAKEN: [libc::c_int; 2] = [libc::SIGCHLD, libc::SIGTERM];

/// Sets signals up for init: those that it takes are blocked, so that it can wait for them. What the spawner, or whoever
/// started the platform, ignores is not handed on to the runtime.
pub(super) fn take_signals() -> Result<(), Failed> {
    syscalls::default_signals();
    syscalls::block_only(&TAKEN).at(Step::Signals)
}

/// Forks the runtime and becomes init.
pub(super) fn run(plan: &Plan, prepared: Prepared) -> ! {
    match fork(&|| become_runtime(plan, &prepared.channel)) {
        Err(errno) => {
            super::setup_channel::send_failure(&prepared.channel, Failed { step: Step::ForkRuntime, errno });
            syscalls::exit_now(1)
        }
        Ok(runtime) => {
            let Prepared { status, channel, spawner } = prepared;
            super::setup_channel::send_forked(&channel);
            drop((channel, spawner));
            supervise(runtime, &status)
        }
    }
}

/// The runtime's process uses this one's memory until it is executed: a copy, of which next to nothing would be used, costs more
/// than the fork itself.
fn fork(runtime: &dyn Fn()) -> Result<Pid, Errno> {
    let child = syscalls::fork_until_exec(runtime)?;
    // What the child did to the memory that both had.
    failpoints::enter(Process::First);
    failpoints::pass(Step::ForkRuntime)?;
    failpoints::enter(Process::Init);
    Ok(child)
}

fn become_runtime(plan: &Plan, channel: &OwnedFd) {
    failpoints::enter(Process::Runtime);
    let failed = execute(plan);
    super::setup_channel::send_failure(channel, failed);
    syscalls::exit_now(127)
}

fn execute(plan: &Plan) -> Failed {
    if let Err(failed) = syscalls::block_only(&[]).at(Step::Signals) {
        return failed;
    }
    Failed { step: Step::ExecRuntime, errno: syscalls::execute(plan.argv.as_slice(), plan.env.as_slice()) }
}

fn supervise(runtime: Pid, status: &OwnedFd) -> ! {
    // The standard streams and the channel are the runtime's: when it closes them, the platform has to see the end of file.
    for stream in 0..=GUEST {
        drop(syscalls::adopt_descriptor(stream));
    }
    loop {
        match syscalls::wait_for_signal(&TAKEN) {
            Ok(libc::SIGTERM) => {
                // ESRCH: it ended, and SIGCHLD is pending.
                let _ = rustix::process::kill_process(runtime, Signal::TERM);
            }
            _ => reap(runtime, status),
        }
    }
}

fn reap(runtime: Pid, status: &OwnedFd) {
    while let Some((pid, wait_status)) = syscalls::reap_any() {
        if pid == runtime.as_raw_nonzero().get() {
            if failpoints::pass(Step::WaitRuntime).is_ok() {
                report(status, wait_status);
            }
            syscalls::exit_now(0);
        }
    }
}

fn report(status: &OwnedFd, wait_status: i32) {
    let Ok(copy) = status.try_clone() else { return };
    // A platform that closed its end does not want to know.
    let _ = std::fs::File::from(copy).write_all(&wait_status.to_ne_bytes());
}
