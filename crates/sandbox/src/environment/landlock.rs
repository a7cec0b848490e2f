//! The Landlock domain: read and execute everywhere, write to `/tmp`, `/dev/shm` and the devices, nothing beyond the domain.
//!
//! The rule is on `/`, because a rule on a mount point does not cover what is mounted there later. All rights that the crate
//! and the kernel both know are handled; below ABI 1 the spawner refuses to start. Invariant: no error is passed over: a domain
//! is in force when [`restrict`] returns.

use std::error::Error;

use ::landlock::{
    ABI, Access, AccessFs, BitFlags, PathBeneath, PathFd, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
};
use rustix::io::Errno;

use crate::step::{At, Failed, Step};

/// The newest ABI whose rights are asked for.
const NEWEST: ABI = ABI::V9;
const WRITABLE: [&str; 2] = ["/tmp", "/dev/shm"];
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

pub(super) fn restrict() -> Result<(), Failed> {
    let ruleset = ruleset().map_err(|error| errno(&*error)).at(Step::LandlockRuleset)?;
    let status = ruleset.restrict_self().map_err(|error| errno(&error)).at(Step::LandlockRestrict)?;
    match status {
        RestrictionStatus { ruleset: RulesetStatus::NotEnforced, .. } => {
            Err(Errno::OPNOTSUPP).at(Step::LandlockRestrict)
        }
        _ => Ok(()),
    }
}

fn ruleset() -> Result<RulesetCreated, Box<dyn Error>> {
    let reading = make_bitflags!(AccessFs::{Execute | ReadFile | ReadDir});
    let device = make_bitflags!(AccessFs::{ReadFile | WriteFile | Truncate | IoctlDev});
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    ruleset = allow(ruleset, "/", reading)?;
    for path in WRITABLE {
        ruleset = allow(ruleset, path, AccessFs::from_all(NEWEST))?;
    }
    for path in DEVICES {
        ruleset = allow(ruleset, path, device)?;
    }
    Ok(ruleset)
}

fn allow(
    ruleset: RulesetCreated,
    path: &str,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, Box<dyn Error>> {
    let below = PathBeneath::new(PathFd::new(path)?, access);
    Ok(ruleset.add_rule(below).map_err(|error: RulesetError| error)?)
}

/// The errno at the root of an error of the crate.
fn errno(error: &(dyn Error + 'static)) -> Errno {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Errno::from_io_error(io).unwrap_or(Errno::IO);
        }
        cause = error.source();
    }
    Errno::INVAL
}
