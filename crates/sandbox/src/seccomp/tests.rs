//! The whole program, run by a small interpreter over every number and over the arguments that matter.

use std::collections::BTreeSet;

use super::list::{self, Need};
use super::{Filter, arguments, never, plain_calls};

pub(super) const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

/// Calls that must never be allowed, whatever the arguments.
const FORBIDDEN: [i64; 41] = [
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

/// Runs the program as the kernel would, over the instructions that filters here consist of.
fn verdict(filter: &Filter, architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let word = |offset: u32| match offset {
        0 => number,
        4 => architecture,
        // Arguments begin at byte 16, the low half first.
        _ => {
            let argument = arguments[(offset as usize - 16) / 8];
            if (offset - 16).is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
        }
    };
    let (mut accumulator, mut position) = (0, 0);
    loop {
        let step = &filter.0[position];
        let code = u32::from(step.code);
        position += 1;
        let jump = |condition: bool| usize::from(if condition { step.jt } else { step.jf });
        match code {
            c if c == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => accumulator = word(step.k),
            c if c == libc::BPF_ALU | libc::BPF_AND | libc::BPF_K => accumulator &= step.k,
            c if c == libc::BPF_RET | libc::BPF_K => return step.k,
            c if c == libc::BPF_JMP | libc::BPF_JA => position += step.k as usize,
            c if c == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => position += jump(accumulator == step.k),
            c if c == libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K => position += jump(accumulator >= step.k),
            c if c == libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K => position += jump(accumulator > step.k),
            other => panic!("instruction {other:#x}"),
        }
    }
}

/// What the filter says to a call of this architecture.
#[cfg(target_arch = "x86_64")]
pub(super) fn verdict_of(filter: &Filter, number: u32, arguments: [u64; 6]) -> u32 {
    verdict(filter, ARCHITECTURE, number, arguments)
}

pub(super) fn filter() -> Filter {
    Filter::build().expect("the filter compiles")
}

fn conditional() -> Vec<u32> {
    let rules = arguments::rules().expect("valid rules");
    rules.into_iter().map(|(number, _)| u32::try_from(number).expect("a number")).collect()
}

#[test]
fn exactly_the_listed_numbers_are_allowed_without_a_look_at_arguments() {
    let (filter, plain, never, conditional) = (filter(), plain_calls(), never::numbers(), conditional());
    for number in (0..2000).filter(|number| !conditional.contains(number)) {
        let expected = match number {
            _ if plain.contains(&number) => ALLOW,
            _ if never.contains(&number) => KILL,
            _ if i64::from(number) == libc::SYS_clone3 => ENOSYS,
            _ => EPERM,
        };
        assert_eq!(verdict(&filter, ARCHITECTURE, number, [u64::MAX; 6]), expected, "call {number}");
    }
}

#[test]
fn other_architectures_and_x32_are_killed_whatever_the_number() {
    let filter = filter();
    for number in 0..600 {
        assert_eq!(verdict(&filter, 0x4000_0003, number, [0; 6]), KILL);
        assert_eq!(verdict(&filter, ARCHITECTURE, 0x4000_0000 | number, [0; 6]), KILL);
    }
    assert_eq!(verdict(&filter, ARCHITECTURE, u32::MAX, [0; 6]), KILL);
}

#[test]
fn arguments_decide() {
    let filter = filter();
    let run = |number: i64, arguments: &[u64]| {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        verdict(&filter, ARCHITECTURE, number as u32, all)
    };
    let threads = 0x003D_0F00;
    assert_eq!(run(libc::SYS_clone, &[threads]), ALLOW);
    for namespace in
        [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]
    {
        assert_eq!(run(libc::SYS_clone, &[threads | namespace]), EPERM, "{namespace:#x}");
    }
    let (unix, inet, netlink) = (libc::AF_UNIX as u64, libc::AF_INET as u64, libc::AF_NETLINK as u64);
    assert_eq!(run(libc::SYS_socket, &[unix, 5, 0]), ALLOW);
    assert_eq!(run(libc::SYS_socket, &[inet, 1 | 0o4000, 6]), ALLOW);
    assert_eq!(run(libc::SYS_socket, &[inet, 2, 6]), EPERM);
    assert_eq!(run(libc::SYS_socket, &[inet, 3, 0]), EPERM);
    assert_eq!(run(libc::SYS_socket, &[inet, 1, 262]), EPERM);
    assert_eq!(run(libc::SYS_socket, &[netlink, 3, 0]), ALLOW);
    assert_eq!(run(libc::SYS_socket, &[netlink, 3, 12]), EPERM);
    let (flags, tcp) = (libc::MSG_NOSIGNAL as u64 | libc::MSG_DONTWAIT as u64, libc::IPPROTO_TCP as u64);
    for (call, before) in [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)] {
        let with = |flags: u64| [vec![u64::MAX; before], vec![flags]].concat();
        assert_eq!(run(call, &with(flags)), ALLOW, "call {call}");
        assert_eq!(run(call, &with(flags | libc::MSG_OOB as u64)), EPERM, "call {call}");
    }
    assert_eq!(run(libc::SYS_fcntl, &[0, libc::F_SETFL as u64]), ALLOW);
    assert_eq!(run(libc::SYS_fcntl, &[0, libc::F_SETLEASE as u64]), EPERM);
    assert_eq!(run(libc::SYS_fcntl, &[0, 1040]), EPERM);
    let (private, huge) = ((libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64, libc::MAP_HUGETLB as u64);
    assert_eq!(run(libc::SYS_mmap, &[0, 4096, 3, private]), ALLOW);
    assert_eq!(run(libc::SYS_mmap, &[0, 4096, 3, private | huge]), EPERM);
    assert_eq!(run(libc::SYS_memfd_create, &[1, libc::MFD_CLOEXEC.into()]), ALLOW);
    assert_eq!(run(libc::SYS_memfd_create, &[1, (libc::MFD_CLOEXEC | libc::MFD_HUGETLB).into()]), EPERM);
    assert_eq!(run(libc::SYS_setsockopt, &[0, tcp, libc::TCP_NODELAY as u64]), ALLOW);
    assert_eq!(run(libc::SYS_setsockopt, &[0, libc::IPPROTO_IPV6 as u64, libc::TCP_ULP as u64]), ALLOW);
    assert_eq!(run(libc::SYS_setsockopt, &[0, tcp, libc::TCP_ULP as u64]), EPERM);
    // The kernel takes the low half of an int argument; so does the filter.
    assert_eq!(run(libc::SYS_ioctl, &[0, 0x1_0000_0000 | libc::TIOCSTI]), EPERM);
    assert_eq!(run(libc::SYS_ioctl, &[0, libc::TCGETS]), ALLOW);
    assert_eq!(run(libc::SYS_prlimit64, &[0, 4, 0, 1]), ALLOW);
    assert_eq!(run(libc::SYS_prlimit64, &[0, 4, 1 << 32, 0]), EPERM);
    assert_eq!(run(libc::SYS_prlimit64, &[0, 7, 1, 0]), ALLOW);
    assert_eq!(run(libc::SYS_prctl, &[libc::PR_SET_NAME as u64]), ALLOW);
    assert_eq!(run(libc::SYS_prctl, &[libc::PR_SET_MM as u64]), EPERM);
}

#[test]
fn what_must_never_be_allowed_is_not_listed() {
    let (plain, conditional) = (plain_calls(), conditional());
    for call in FORBIDDEN {
        let call = u32::try_from(call).expect("a number");
        assert!(!plain.contains(&call) && !conditional.contains(&call), "call {call} is listed");
    }
}

/// A program that tries one of these has something to go on with, and must get an answer. Sources: the C libraries, libuv,
/// Chromium and V8, libkrb5, the JVM and its profilers, libbpf, OpenMPI, Wine, util-linux.
#[test]
fn what_programs_try_and_do_without_is_answered() {
    const TRIED: [i64; 22] = [
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_perf_event_open,
        libc::SYS_bpf,
        libc::SYS_userfaultfd,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_fsopen,
        libc::SYS_mount_setattr,
        libc::SYS_chroot,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_seccomp,
        libc::SYS_landlock_create_ruleset,
        libc::SYS_mbind,
        libc::SYS_personality,
        libc::SYS_name_to_handle_at,
        libc::SYS_sync,
        libc::SYS_syslog,
    ];
    let filter = filter();
    for call in TRIED {
        let number = u32::try_from(call).expect("a number");
        assert_eq!(verdict(&filter, ARCHITECTURE, number, [u64::MAX; 6]), EPERM, "call {call}");
    }
}

#[test]
fn what_kills_is_listed_once_with_a_reason_and_never_allowed() {
    let (numbers, allowed) = (never::numbers(), [plain_calls(), conditional()].concat());
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    for entry in never::NEVER.iter().copied().flatten() {
        assert!(entry.why.len() > 20, "{}", entry.name);
        assert!(!allowed.contains(&u32::try_from(entry.number).expect("a number")), "{}", entry.name);
    }
}

#[test]
fn no_call_is_listed_twice_and_each_has_one_need() {
    const WORKLOADS: [&str; 4] = ["python", "node", "native", "java"];
    let all: Vec<u32> = plain_calls().into_iter().chain(conditional()).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    let listed: BTreeSet<i64> = list::entries().map(|entry| entry.number).collect();
    assert_eq!(listed, all.iter().map(|number| i64::from(*number)).collect());
    for entry in list::entries() {
        match entry.need {
            Need::Seen(workloads) => {
                assert!(workloads.split(' ').all(|word| WORKLOADS.contains(&word)), "{}", entry.name);
            }
            Need::Documented(why) => assert!(why.len() > 2, "{}", entry.name),
        }
    }
}

/// Its length is what installing it costs.
#[test]
fn the_filter_is_short() {
    let length = filter().0.len();
    assert!(length < 480, "{length} instructions");
}
