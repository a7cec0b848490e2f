//! Making one environment: what the spawner does before and right after `clone3`.
//!
//! Everything that takes time (mounts, limits, layers, the exec) is done by the new process itself, so that creations run side
//! by side; meanwhile the spawner makes its network namespace. Invariant: when [`begin`] fails, nothing is left; what fails once
//! there is a process is in the environment's record, and its owner has to doom it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{CWD, Mode as FileMode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::PipeFlags;

use super::egress::Address;
use super::environments::{Birth, Environment, Slot, State};
use super::packet;
use super::prepare::Workshop;
use super::{overlay, staging};
use crate::cgroup::{Freezer, FreezerKind, Group, OomEvent};
use crate::egress::Egress;
use crate::environment::mounts::{Swap, clone_tree, open_beneath};
use crate::environment::{self, Link, Plan, Texts};
use crate::failpoints;
use crate::spec::SandboxSpec;
use crate::step::{At, Failed, Step};
use crate::syscalls::{self, Cloned};
use crate::weaken::{Layer, Weakened};

/// What the runtime root has to offer as mount points.
const MOUNT_POINTS: [&str; 6] = ["dev", "proc", "tmp", "var/task", "opt", "etc/passwd"];

/// Starts an environment. It is set up when its channel ends.
pub(super) fn begin(
    shop: &mut Workshop,
    spec: &SandboxSpec,
    weakened: Weakened,
    (slot, uid): (Slot, u32),
    lifeline: OwnedFd,
) -> Result<Environment, (Failed, OwnedFd)> {
    let group = match shop.groups.create(&spec.tenant, &spec.id, &spec.limits, weakened) {
        Ok(group) => group,
        Err(failed) => return Err((failed, lifeline)),
    };
    let (link, address) = match egress(shop, spec, weakened) {
        Ok(egress) => egress.unzip(),
        Err(failed) => {
            shop.remove_group(&spec.id);
            return Err((failed, lifeline));
        }
    };
    match start(shop, spec, weakened, uid, group, link) {
        Ok(Started { birth, pidfd, oom_event, lets_die }) => {
            let state = State::SettingUp(birth);
            let id = spec.id.clone();
            Ok(Environment {
                id,
                slot,
                lifeline,
                pidfd,
                oom_event,
                lets_die,
                state,
                is_reaped: false,
                address,
            })
        }
        Err(failed) => {
            shop.give_back(address);
            shop.remove_group(&spec.id);
            Err((failed, lifeline))
        }
    }
}

struct Started {
    birth: Birth,
    pidfd: OwnedFd,
    oom_event: Option<OomEvent>,
    lets_die: Option<Freezer>,
}

/// The server has seen to it that there is egress where some is needed.
fn egress(
    shop: &mut Workshop,
    spec: &SandboxSpec,
    weakened: Weakened,
) -> Result<Option<(Link, Address)>, Failed> {
    match &mut shop.egress {
        Some(egress) if spec.egress != Egress::None => egress.admit(&spec.egress, weakened).map(Some),
        _ => Ok(None),
    }
}

fn start(
    shop: &mut Workshop,
    spec: &SandboxSpec,
    weakened: Weakened,
    uid: u32,
    group: Group,
    link: Option<Link>,
) -> Result<Started, Failed> {
    let [outside, inside] = ends(spec)?;
    let Group { join, clone_into, gauges, freezer, oom_event } = group;
    let lets_die = freezer.as_ref().filter(|freezer| freezer.kind == FreezerKind::V1);
    let lets_die = lets_die.map(Freezer::try_clone).transpose().at(Step::CgroupOpen)?;
    let plan = plan(shop, spec, weakened, uid, join, link, inside)?;
    let flags = environment::clone_flags(shop.mode, weakened);
    match syscalls::clone3(flags, clone_into.as_ref()) {
        Err(errno) => Err(Failed { step: Step::Clone3, errno }),
        Ok(Cloned::Child) => {
            // The end of the channel is to be the spawner's.
            drop(outside);
            environment::run(&plan)
        }
        Ok(Cloned::Parent(pidfd)) => {
            // From here to the environment's record this process can still die.
            let _ = failpoints::pass(Step::Clone3);
            let Ends { channel, output, status, guest } = outside;
            let failed = network(shop, weakened, &channel).err();
            let (listeners, is_forked) = (None, false);
            let birth =
                Birth { channel, listeners, is_forked, failed, output, status, guest, gauges, freezer };
            Ok(Started { birth, pidfd, oom_event, lets_die })
        }
    }
}

/// Makes the network namespace of an environment whose first process waits for it.
fn network(shop: &Workshop, weakened: Weakened, channel: &OwnedFd) -> Result<(), Failed> {
    match &shop.nursery {
        Some(nursery) if environment::awaits_network(shop.mode, weakened) => {
            environment::send_network(channel, &nursery.make()?)
        }
        _ => Ok(()),
    }
}

/// One side of what connects an environment with the spawner and the platform.
struct Ends {
    /// On which the set-up is told of.
    channel: OwnedFd,
    output: OwnedFd,
    status: OwnedFd,
    /// The runtime's channel.
    guest: Option<OwnedFd>,
}

/// Those outside, and those inside.
fn ends(spec: &SandboxSpec) -> Result<[Ends; 2], Failed> {
    let (output, output_inside) = pipe()?;
    let (status, status_inside) = pipe()?;
    let (channel, channel_inside) = packet::socket_pair().at(Step::MakeChannel)?;
    let (guest, guest_inside) = guest_channel(spec.channel)?.unzip();
    Ok([
        Ends { channel, output, status, guest },
        Ends { channel: channel_inside, output: output_inside, status: status_inside, guest: guest_inside },
    ])
}

/// Everything that the new process needs.
fn plan(
    shop: &mut Workshop,
    spec: &SandboxSpec,
    weakened: Weakened,
    uid: u32,
    join: Vec<File>,
    link: Option<Link>,
    inside: Ends,
) -> Result<Plan, Failed> {
    Ok(Plan {
        mode: shop.mode,
        weakened,
        uid,
        hostname: spec.hostname.clone(),
        limits: spec.limits.clone(),
        join,
        root: root(shop, spec, weakened)?,
        code: shop.staging.code(&spec.code, weakened)?,
        layers: shop.staging.layers(&spec.layers, weakened)?,
        passwd: shop.staging.view.passwd(uid)?,
        swap: if weakened.keeps(Layer::NoSwap) { shop.staging.swap } else { Swap::Possible },
        attach_point: shop.staging.point,
        argv: Texts::join(spec.argv.iter().map(|argument| [argument.as_str()]))?,
        env: Texts::join(spec.env.iter().map(|(name, value)| [name, "=", value]))?,
        cwd: spec.cwd.clone(),
        filter: Arc::clone(&shop.filter),
        channel: inside.channel,
        output: inside.output,
        status: inside.status,
        guest: inside.guest,
        spawner: shop.own_pidfd.try_clone().at(Step::MakeChannel)?,
        link,
    })
}

/// The runtime root as a read-only detached mount, an overlay of the environment's own: it hides the root's place on the host
/// (a bind's path stands in mountinfo), and gives its files inodes of their own, so that locks and watches don't reach from one
/// environment to another. That it has its mount points is checked here, where the error can say so.
fn root(shop: &mut Workshop, spec: &SandboxSpec, weakened: Weakened) -> Result<OwnedFd, Failed> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::openat(CWD, &spec.root, flags, FileMode::empty()).at(Step::OpenRoot)?;
    for point in MOUNT_POINTS {
        open_beneath(&root, point).at(Step::RootMountPoint)?;
    }
    if weakened.keeps(Layer::ReadOnlyRoot) && weakened.keeps(Layer::OwnInodes) {
        let [memory, processors] = shop.staging.view.layers(&spec.limits)?;
        return overlay::merge(&[&memory, &processors, &root]).at(Step::HideRoot);
    }
    let mount = clone_tree(&root).at(Step::CloneRoot)?;
    if weakened.keeps(Layer::ReadOnlyRoot) {
        staging::protect(&mount).at(Step::CloneRoot)?;
    }
    Ok(mount)
}

/// The runtime's channel: the platform's end and the runtime's.
fn guest_channel(wanted: bool) -> Result<Option<(OwnedFd, OwnedFd)>, Failed> {
    let make =
        || rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    wanted.then(make).transpose().at(Step::MakeChannel)
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Failed> {
    rustix::pipe::pipe_with(PipeFlags::CLOEXEC).at(Step::MakePipe)
}
