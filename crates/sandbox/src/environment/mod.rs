//! The first process of an environment, from its first instruction to the runtime's.
//!
//! ```text
//! clone3 ─ join cgroups ─ mounts ─ pivot_root ─ network ─ listeners ─ close_range ─ limits ─ identity ─ Landlock ─ seccomp
//!                                                                 └ fork ─ exec of the runtime (pid 2)
//!                                                  pid 1 ─ reaps, reports the runtime's end, exits: all die
//! ```
//! Any step that fails is sent over the set-up channel with its errno, and the process exits, which takes everything that it
//! made along. Invariant: no byte of the runtime's or the function's code runs before the last layer is on.

mod devices;
mod egress;
mod identity;
mod init;
mod landlock;
mod limits;
pub(crate) mod mounts;
mod network;
mod procfs;
mod setup_channel;
mod streams;
mod texts;
mod user_namespace;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::thread::UnshareFlags;

pub(crate) use egress::Link;
pub(crate) use network::Listeners;
pub(crate) use setup_channel::{Report, receive_report, send_network};
pub(crate) use texts::Texts;
pub(crate) use user_namespace::write_once;

use mounts::Swap;

use crate::failpoints;
use crate::protections::Mode;
use crate::seccomp::Filter;
use crate::spawner::nursery;
use crate::spec::Limits;
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::{Layer, Weakened};

/// Everything that the first process needs, prepared and checked by the spawner.
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) weakened: Weakened,
    /// The uid and gid, in privileged mode those of the host, otherwise those inside the user namespace.
    pub(crate) uid: u32,
    pub(crate) hostname: String,
    pub(crate) limits: Limits,
    /// Membership files of the cgroups.
    pub(crate) join: Vec<File>,
    /// Detached mounts, attributes set.
    pub(crate) root: OwnedFd,
    pub(crate) code: OwnedFd,
    pub(crate) layers: Option<OwnedFd>,
    pub(crate) passwd: OwnedFd,
    /// Whether a tmpfs can be kept out of swap.
    pub(crate) swap: Swap,
    /// Where the root may be attached before it becomes `/`.
    pub(crate) attach_point: &'static str,
    pub(crate) argv: Texts,
    pub(crate) env: Texts,
    pub(crate) cwd: String,
    pub(crate) filter: Arc<Filter>,
    /// The child's ends.
    pub(crate) channel: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) status: OwnedFd,
    /// Descriptor 3 of the runtime, if it has one.
    pub(crate) guest: Option<OwnedFd>,
    /// The spawner's pidfd.
    pub(crate) spawner: OwnedFd,
    /// That of its egress, if it has any.
    pub(crate) link: Option<Link>,
}

/// The namespaces that the first process begins in. The cgroup namespace follows after it has joined its cgroups, so that
/// its root is the environment's own group.
pub(crate) fn clone_flags(mode: Mode, weakened: Weakened) -> u64 {
    let mut flags = libc::CLONE_NEWNS;
    for (layer, flag) in [
        (Layer::IpcNamespace, libc::CLONE_NEWIPC),
        (Layer::UtsNamespace, libc::CLONE_NEWUTS),
        (Layer::PidNamespace, libc::CLONE_NEWPID),
    ] {
        if weakened.keeps(layer) {
            flags |= flag;
        }
    }
    if mode == Mode::Rootless {
        flags |= libc::CLONE_NEWUSER;
        if weakened.keeps(Layer::Network) {
            // Only its own user namespace makes one in which it may raise an interface.
            flags |= libc::CLONE_NEWNET;
        }
    }
    // The constants are positive but for the sign of C's int.
    u64::from(flags as u32)
}

/// Whether the first process is handed its network namespace, which the spawner makes meanwhile.
pub(crate) fn awaits_network(mode: Mode, weakened: Weakened) -> bool {
    mode == Mode::Privileged && weakened.keeps(Layer::Network)
}

/// Runs the first process to its end.
pub(crate) fn run(plan: &Plan) -> ! {
    failpoints::enter(failpoints::Process::First);
    match set_up(plan) {
        Err(failed) => setup_channel::send_failure(&plan.channel, failed),
        // The plan's descriptors are about to be closed.
        Ok(prepared) => match lock_down(plan, &prepared.spawner) {
            Err(failed) => setup_channel::send_failure(&prepared.channel, failed),
            Ok(()) => init::run(plan, prepared),
        },
    }
    syscalls::exit_now(1)
}

/// What is left to use after the descriptors were closed.
pub(crate) struct Prepared {
    channel: OwnedFd,
    status: OwnedFd,
    spawner: OwnedFd,
}

/// Up to the point where the descriptors that survive have their numbers.
fn set_up(plan: &Plan) -> Result<Prepared, Failed> {
    if plan.mode == Mode::Rootless {
        user_namespace::map(plan.uid)?;
    }
    rustix::process::setsid().at(Step::NewSession)?;
    // Only a name in process lists.
    let _ = rustix::thread::set_name(c"lambent-init");
    join_cgroups(plan)?;
    limits::prefer_as_victim()?;
    if plan.weakened.keeps(Layer::UtsNamespace) {
        rustix::system::sethostname(plan.hostname.as_bytes()).at(Step::Hostname)?;
    }
    if let Some(link) = &plan.link {
        // It needs the host's /proc.
        enter_network(plan)?;
        egress::make(link, plan.weakened)?;
        mounts::build(plan)?;
        egress::await_link(link)?;
    } else {
        mounts::build(plan)?;
        enter_network(plan)?;
    }
    let listeners = network::listen(plan.weakened)?;
    setup_channel::send_listeners(&plan.channel, &listeners)?;
    drop(listeners);
    streams::arrange(plan)
}

/// The layers that the process puts on itself, in the one order in which each still may.
fn lock_down(plan: &Plan, spawner: &OwnedFd) -> Result<(), Failed> {
    streams::close_rest(plan)?;
    limits::set(plan)?;
    identity::assume(plan)?;
    identity::die_with_the_spawner(spawner)?;
    if plan.weakened.keeps(Layer::NoNewPrivileges) {
        rustix::thread::set_no_new_privs(true).at(Step::NoNewPrivileges)?;
    }
    if plan.weakened.keeps(Layer::Landlock) {
        landlock::restrict()?;
    }
    init::take_signals()?;
    if plan.weakened.keeps(Layer::Seccomp) {
        plan.filter.install()?;
    }
    Ok(())
}

fn enter_network(plan: &Plan) -> Result<(), Failed> {
    if !awaits_network(plan.mode, plan.weakened) {
        return Ok(());
    }
    setup_channel::receive_network(&plan.channel).and_then(nursery::enter).at(Step::EnterNetwork)
}

fn join_cgroups(plan: &Plan) -> Result<(), Failed> {
    use std::io::Write;
    for mut procs in &plan.join {
        procs.write_all(b"0").at(Step::CgroupJoin)?;
    }
    if plan.weakened.keeps(Layer::CgroupNamespace) {
        syscalls::unshare(UnshareFlags::NEWCGROUP).at(Step::UnshareCgroup)?;
    }
    Ok(())
}
