//! Calls that open the kernel's wider surface, and that the filter refuses without a look at the rest of their arguments.
//!
//! Invariant: what is refused here is refused by the filter, with EPERM, before the kernel looks at a capability.

use super::call::{all_refused, calls};
use super::{Attack, Group, Place, Twins};
use crate::weaken::Layer;

/// Without the filter the kernel itself looks at the arguments.
const FILTER: Twins = Twins::without(&[Layer::Seccomp]);

const REFUSED: Attack =
    Attack { group: Group::SystemCalls, protection: "seccomp", twins: FILTER, ..Attack::SHARED };

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "trace-processes",
        what: "trace itself, its child or pid 1, to read and steer them",
        inside: |_| {
            all_refused(calls! {
                SYS_ptrace(libc::PTRACE_TRACEME);
                SYS_ptrace(libc::PTRACE_ATTACH, 1);
                SYS_ptrace(libc::PTRACE_SEIZE, 1);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "memory-of-processes",
        what: "read, write or compare another process's memory, or take a descriptor out of it",
        inside: |_| {
            all_refused(calls! {
                SYS_process_vm_readv(1, 0, 0, 0, 0);
                SYS_process_vm_writev(1, 0, 0, 0, 0);
                SYS_kcmp(1, 1, 0, 0, 0);
                SYS_pidfd_getfd(-1, 0, 0);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "x32-calls",
        what: "call by the numbers of x32, which a filter of x86_64's numbers does not know",
        place: Place::Killed(libc::SIGSYS),
        inside: |_| foreign::x32(),
        ..REFUSED
    },
];

/// The second and third table of calls that x86_64 has.
mod foreign {
    use crate::attacks::refusal::{Verdict, breach};

    #[cfg(target_arch = "x86_64")]
    pub(super) fn x32() -> Verdict {
        // SAFETY: getpid takes no argument, by whatever number it goes.
        let answer = unsafe { libc::syscall(0x4000_0000 + libc::SYS_getpid) };
        breach(format!("answered {answer}"))
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn x32() -> Verdict {
        Ok("this architecture has a single table of calls".to_owned())
    }
}
