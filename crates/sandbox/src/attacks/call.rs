//! System calls by number, as the filter sees them.
//!
//! Invariant: no call here has a pointer but null, so that one that is let through finds nothing to do.

use rustix::io::Errno;
use rustix::process::WaitOptions;

use super::refusal::{Breach, Needed, Verdict, name_of, names_of};
use crate::syscalls;

/// A call with its arguments; those that are not given are 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) number: libc::c_long,
    pub(super) arguments: [libc::c_long; 5],
}

/// Calls by name: `calls![SYS_ptrace(0, 1); SYS_bpf();]`.
macro_rules! calls {
    ($($name:ident($($argument:expr),*);)+) => {
        &[$($crate::attacks::call::Call {
            name: stringify!($name),
            number: libc::$name,
            arguments: $crate::attacks::call::pad(&[$($argument as libc::c_long),*]),
        }),+]
    };
}
pub(super) use calls;

pub(super) const fn pad(given: &[libc::c_long]) -> [libc::c_long; 5] {
    let mut arguments = [0; 5];
    let mut index = 0;
    while index < given.len() {
        arguments[index] = given[index];
        index += 1;
    }
    arguments
}

impl Call {
    pub(super) fn make(&self) -> Result<libc::c_long, Errno> {
        let [a, b, c, d, e] = self.arguments;
        // SAFETY: by this file's invariant the kernel is given no address but null, which it refuses or takes as "none".
        let result = unsafe { libc::syscall(self.number, a, b, c, d, e) };
        if result == -1 {
            Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
        } else {
            Ok(result)
        }
    }
}

/// Holds when each call is refused with EPERM, which is the filter's word.
pub(super) fn all_refused(calls: &[Call]) -> Verdict {
    let mut through = Vec::new();
    for call in calls {
        let name = call.name.trim_start_matches("SYS_");
        match call.make() {
            Err(Errno::PERM) => {}
            Err(errno) => through.push(format!("{name}: {}", name_of(errno))),
            Ok(_) => through.push(format!("{name} succeeded")),
        }
    }
    if through.is_empty() {
        Ok(format!("{} calls: {}", calls.len(), names_of(&[Errno::PERM])))
    } else {
        Err(Breach(through.join(", ")))
    }
}

/// Holds when each call ends the process that makes it, by the filter's signal; each is made by a process of its own.
pub(super) fn all_fatal(calls: &[Call]) -> Verdict {
    let mut through = Vec::new();
    for call in calls {
        let name = call.name.trim_start_matches("SYS_");
        match syscalls::fork().needed("a child")? {
            None => syscalls::exit_now(i32::from(call.make().is_ok())),
            Some(child) => {
                let ended = rustix::process::waitpid(Some(child), WaitOptions::empty()).needed("its end")?;
                let status = ended.map(|(_, status)| status);
                if status.and_then(|status| status.terminating_signal()) != Some(libc::SIGSYS) {
                    through.push(format!("{name}: lived on"));
                }
            }
        }
    }
    if through.is_empty() {
        Ok(format!("{} calls: killed", calls.len()))
    } else {
        Err(Breach(through.join(", ")))
    }
}
