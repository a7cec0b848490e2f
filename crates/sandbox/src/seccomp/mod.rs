//! The system call filter: an allow-list, built once by the spawner and installed last in every environment.
//!
//! ```text
//! x32 number ───────────► kill      clone3 ► ENOSYS (libraries then use clone, whose flags can be seen)
//! foreign architecture ─► kill      listed ► allowed, if its arguments are      anything else ► EPERM
//! ```
//! Invariant: what is not in [`list`] is refused.

mod arguments;
mod list;

use std::collections::BTreeMap;

use rustix::io::Errno;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

use crate::step::{Failed, Step};

/// The compiled filter.
#[derive(Debug)]
pub(crate) struct Filter(BpfProgram);

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

/// x32 calls come with the architecture of x86_64 and this bit in the number.
const X32_BIT: u32 = 0x4000_0000;

impl Filter {
    pub(crate) fn build() -> Result<Self, Failed> {
        let program = compile().map_err(|_| Failed { step: Step::SeccompBuild, errno: Errno::INVAL })?;
        Ok(Self(prologue().into_iter().chain(program).collect()))
    }

    /// Puts the filter on this process, for good.
    pub(crate) fn install(&self) -> Result<(), Failed> {
        seccompiler::apply_filter(&self.0).map_err(|error| {
            let errno = match error {
                seccompiler::Error::Prctl(io) | seccompiler::Error::Seccomp(io) => {
                    Errno::from_io_error(&io).unwrap_or(Errno::INVAL)
                }
                _ => Errno::INVAL,
            };
            Failed { step: Step::SeccompInstall, errno }
        })
    }
}

fn compile() -> Result<BpfProgram, BackendError> {
    let plain = list::GROUPS.iter().flat_map(|group| group.calls).map(|(_, number)| (*number, Vec::new()));
    let rules: BTreeMap<i64, Vec<SeccompRule>> = plain.chain(arguments::rules()?).collect();
    let refusal = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, refusal, SeccompAction::Allow, ARCHITECTURE)?.try_into()
}

/// What the compiler can't express: a range, and a second errno. It goes before the compiled program, which follows it when
/// no return was taken and checks the architecture.
fn prologue() -> Vec<sock_filter> {
    let instruction = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    let load_number = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0);
    let refuse = |value| instruction(libc::BPF_RET | libc::BPF_K, 0, 0, value);
    vec![
        load_number,
        instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32_BIT),
        refuse(libc::SECCOMP_RET_KILL_PROCESS),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_clone3 as u32),
        refuse(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Filter, arguments, list};

    /// Calls that must never be allowed, whatever the arguments.
    const NEVER: [i64; 41] = [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_kcmp,
        libc::SYS_pidfd_getfd,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsmount,
        libc::SYS_mount_setattr,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_clone3,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_bpf,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_perf_event_open,
        libc::SYS_fanotify_init,
        libc::SYS_open_by_handle_at,
        libc::SYS_name_to_handle_at,
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_quotactl,
        libc::SYS_acct,
        libc::SYS_syslog,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_vmsplice,
        libc::SYS_seccomp,
        libc::SYS_remap_file_pages,
    ];

    fn listed() -> Vec<i64> {
        let plain = list::GROUPS.iter().flat_map(|group| group.calls).map(|(_, number)| *number);
        let conditional = arguments::rules().expect("valid rules");
        plain.chain(conditional.into_iter().map(|(number, _)| number)).collect()
    }

    #[test]
    fn what_must_never_be_allowed_is_not_listed() {
        let listed = listed();
        for call in NEVER {
            assert!(!listed.contains(&call), "call {call} is listed");
        }
    }

    #[test]
    fn no_call_is_listed_twice() {
        let listed = listed();
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
    }

    #[test]
    fn every_group_has_a_reason() {
        assert!(list::GROUPS.iter().all(|group| !group.reason.is_empty() && !group.calls.is_empty()));
    }

    #[test]
    fn the_filter_compiles_within_the_kernels_bound() {
        assert!(Filter::build().expect("the filter compiles").0.len() < 4096);
    }
}
