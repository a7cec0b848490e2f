//! The system call filter: an allow-list, built once by the spawner and installed last in every environment.
//!
//! ```text
//! x32 number ───────────► kill      clone3 ► ENOSYS (libraries then use clone, whose flags can be seen)
//! foreign architecture ─► kill      listed ► allowed, if its arguments are      anything else ► EPERM
//! what nobody tries ────► kill
//! ```
//! Invariant: what is not in [`list`] is refused.

mod arguments;
mod list;
mod never;
mod prologue;

use std::collections::BTreeMap;

use rustix::io::Errno;
use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch};

use crate::step::{At, Failed, Step};

/// The compiled filter.
#[derive(Debug)]
pub(crate) struct Filter(BpfProgram);

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

impl Filter {
    pub(crate) fn build() -> Result<Self, Failed> {
        let program = compile().map_err(|_| Errno::INVAL).at(Step::SeccompBuild)?;
        Ok(Self(prologue::build(&plain_calls(), &never::numbers()).into_iter().chain(program).collect()))
    }

    /// Puts the filter on this process, for good.
    pub(crate) fn install(&self) -> Result<(), Failed> {
        let errno = |error| match error {
            seccompiler::Error::Prctl(io) | seccompiler::Error::Seccomp(io) => {
                Errno::from_io_error(&io).unwrap_or(Errno::INVAL)
            }
            _ => Errno::INVAL,
        };
        seccompiler::apply_filter(&self.0).map_err(errno).at(Step::SeccompInstall)
    }
}

/// The numbers of the calls that are allowed with any arguments, sorted.
fn plain_calls() -> Vec<u32> {
    let calls = list::PLAIN.iter().copied().flatten();
    let mut numbers: Vec<u32> = calls.filter_map(|entry| u32::try_from(entry.number).ok()).collect();
    numbers.sort_unstable();
    numbers
}

/// The calls that are allowed with some arguments only, and the default.
fn compile() -> Result<BpfProgram, BackendError> {
    let rules: BTreeMap<i64, Vec<SeccompRule>> = arguments::rules()?.into_iter().collect();
    let refusal = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, refusal, SeccompAction::Allow, ARCHITECTURE)?.try_into()
}

#[cfg(test)]
mod tests;
#[cfg(all(test, target_arch = "x86_64"))]
mod traced;
