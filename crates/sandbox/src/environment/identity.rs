//! Who the environment is: a uid and a gid of its own, in no other group, without a capability, for good.
//!
//! Invariant: the secure bits are locked before the uid changes, so that not even a setuid-root file could give anything back
//! (and `nosuid` and `no_new_privs` keep it from being tried).

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{DumpableBehavior, Signal};
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets, Gid, Uid};

use super::Plan;
use crate::handle::wait_readable;
use crate::protections::Mode;
use crate::step::{At, Failed, Step};
use crate::syscalls;
use crate::weaken::Layer;

pub(super) fn assume(plan: &Plan) -> Result<(), Failed> {
    let drops = plan.weakened.keeps(Layer::Capabilities);
    if drops {
        drop_bounding_set()?;
        lock_secure_bits()?;
    } else {
        rustix::thread::set_keep_capabilities(true).at(Step::SecureBits)?;
    }
    if plan.weakened.keeps(Layer::Identity) {
        change_ids(plan)?;
    }
    if drops {
        drop_capabilities()?;
    } else {
        hand_capabilities_on()?;
    }
    let dumpable = if plan.weakened.keeps(Layer::Dumpable) {
        DumpableBehavior::NotDumpable
    } else {
        DumpableBehavior::Dumpable
    };
    rustix::process::set_dumpable_behavior(dumpable).at(Step::NotDumpable)
}

/// Without the layer: every capability survives the change of identity and the exec of the runtime.
fn hand_capabilities_on() -> Result<(), Failed> {
    let permitted = rustix::thread::capabilities(None).at(Step::DropCapabilities)?.permitted;
    let all = CapabilitySets { effective: permitted, permitted, inheritable: permitted };
    rustix::thread::set_capabilities(None, all).at(Step::DropCapabilities)?;
    for capability in permitted.iter() {
        rustix::thread::configure_capability_in_ambient_set(capability, true).at(Step::DropCapabilities)?;
    }
    Ok(())
}

/// Asks the kernel to kill this process when the spawner ends, and makes sure that it has not ended already. It comes after
/// the change of identity, which would undo it.
pub(super) fn die_with_the_spawner(spawner: &OwnedFd) -> Result<(), Failed> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).at(Step::ParentDeathSignal)?;
    let is_gone = wait_readable(spawner, Duration::ZERO);
    if is_gone { Err(rustix::io::Errno::SRCH) } else { Ok(()) }.at(Step::SpawnerGone)
}

fn drop_bounding_set() -> Result<(), Failed> {
    for capability in 0..64 {
        match syscalls::drop_bounding(capability) {
            // Past the last capability that this kernel knows.
            Err(rustix::io::Errno::INVAL) => break,
            result => result.at(Step::DropBounding)?,
        }
    }
    Ok(())
}

fn lock_secure_bits() -> Result<(), Failed> {
    let bits = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    rustix::thread::set_capabilities_secure_bits(bits).at(Step::SecureBits)
}

fn change_ids(plan: &Plan) -> Result<(), Failed> {
    // A single-uid map goes with setgroups denied: the plain user's groups stay, and the protections say so.
    if plan.mode == Mode::Privileged {
        rustix::thread::set_thread_groups(&[]).at(Step::SetGroups)?;
    }
    let (uid, gid) = (Uid::from_raw(plan.uid), Gid::from_raw(plan.uid));
    rustix::thread::set_thread_res_gid(gid, gid, gid).at(Step::SetGid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).at(Step::SetUid)
}

fn drop_capabilities() -> Result<(), Failed> {
    rustix::thread::clear_ambient_capability_set().at(Step::DropCapabilities)?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).at(Step::DropCapabilities)
}
