//! The Landlock domain: read and execute everywhere, write to `/tmp`, `/dev/shm` and the devices, nothing beyond the domain.
//!
//! The rule is on `/`, because a rule on a mount point does not cover what is mounted there later. All rights that the crate
//! and the kernel both know are handled; below ABI 1 the spawner refuses to start. Invariant: when [`restrict`] returns, every
//! right that was asked for is in force: a kernel that leaves out one of those that its ABI promises is refused.

use std::error::Error;

use ::landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    make_bitflags,
};
use rustix::io::Errno;

use crate::step::{At, Failed, Step};
use crate::syscalls;

/// The newest ABI whose rights are asked for.
const NEWEST: ABI = ABI::V9;
const WRITABLE: [&str; 2] = ["/tmp", "/dev/shm"];
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

pub(super) fn restrict() -> Result<(), Failed> {
    restrict_as(NEWEST.min(ABI::from(syscalls::landlock_abi())))
}

/// With all rights of this ABI, or not at all.
fn restrict_as(abi: ABI) -> Result<(), Failed> {
    let ruleset = ruleset(abi).map_err(|error| errno(&*error)).at(Step::LandlockRuleset)?;
    let status = ruleset.restrict_self().map_err(|error| errno(&error)).at(Step::LandlockRestrict)?;
    match status {
        RestrictionStatus { ruleset: RulesetStatus::FullyEnforced, .. } => Ok(()),
        _ => Err(Errno::OPNOTSUPP).at(Step::LandlockRestrict),
    }
}

fn ruleset(abi: ABI) -> Result<RulesetCreated, Box<dyn Error>> {
    let all = AccessFs::from_all(abi);
    let reading = make_bitflags!(AccessFs::{Execute | ReadFile | ReadDir});
    let device = make_bitflags!(AccessFs::{ReadFile | WriteFile | Truncate | IoctlDev});
    let mut ruleset =
        Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(all)?;
    // Before ABI 6 there are none, and nothing to ask for.
    let scopes = Scope::from_all(abi);
    if !scopes.is_empty() {
        ruleset = ruleset.scope(scopes)?;
    }
    let mut ruleset = allow(ruleset.create()?, "/", reading)?;
    for path in WRITABLE {
        ruleset = allow(ruleset, path, all)?;
    }
    for path in DEVICES {
        ruleset = allow(ruleset, path, device & all)?;
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

/// The errno at the root of an error of the crate; a right that the kernel does not know has none of its own.
fn errno(error: &(dyn Error + 'static)) -> Errno {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Errno::from_io_error(io).unwrap_or(Errno::IO);
        }
        cause = error.source();
    }
    Errno::OPNOTSUPP
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came of it, and whether a file outside of the writable places can then be opened for writing. In a thread of its
    /// own: a domain is its thread's, and goes with it.
    fn after(restrict: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> (Result<(), Errno>, bool) {
        let thread = std::thread::spawn(move || {
            let result = restrict().map_err(|failed| failed.errno);
            (result, std::fs::File::options().write(true).open("/proc/thread-self/comm").is_ok())
        });
        thread.join().expect("the thread ends")
    }

    #[test]
    fn a_domain_has_every_right_of_the_kernels_abi() {
        if syscalls::landlock_abi() == 0 {
            eprintln!("SKIPPED a_domain_has_every_right_of_the_kernels_abi: this kernel has no Landlock");
            return;
        }
        assert_eq!(after(|| Ok(())), (Ok(()), true));
        assert_eq!(after(restrict), (Ok(()), false));
    }

    /// Each older ABI asks for what it has, too: no empty scope, no right of a later one.
    #[test]
    fn every_older_abi_can_be_had_in_full() {
        for abi in 1..=syscalls::landlock_abi() {
            assert_eq!(after(move || restrict_as(ABI::from(abi).min(NEWEST))), (Ok(()), false), "{abi}");
        }
    }

    /// As on a kernel that lacks a part of what its ABI promises.
    #[test]
    fn a_domain_that_lacks_a_right_is_refused() {
        let kernels = ABI::from(syscalls::landlock_abi());
        if AccessFs::from_all(kernels) == AccessFs::from_all(NEWEST) {
            eprintln!("SKIPPED a_domain_that_lacks_a_right_is_refused: this kernel knows every right");
            return;
        }
        assert_eq!(after(|| restrict_as(NEWEST)), (Err(Errno::OPNOTSUPP), true));
    }
}
