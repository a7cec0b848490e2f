//! Calls that are allowed with some arguments only.
//!
//! Invariant: only registers are looked at, never memory that another thread could change in between.

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::{BackendError, SeccompCmpOp, SeccompCondition, SeccompRule};

/// The namespace flags of clone: none may be set.
const NEW_NAMESPACES: u64 = 0x7E02_0000;
/// The socket type without its flags.
const TYPE_MASK: u64 = 0xF;
/// The flag for data out of band.
const OUT_OF_BAND: u64 = libc::MSG_OOB as u64;
/// Commands of fcntl that make everybody else's open of a file wait, three quarters of a minute each: F_SETLEASE and, since
/// Linux 6.19, F_SETDELEG. Only a file's owner may, and rootless that is the user of all environments, whose runtimes are the
/// same files.
const LEASES: [u64; 2] = [libc::F_SETLEASE as u64, 1040];
const CORE_LIMIT: u64 = libc::RLIMIT_CORE as u64;

/// Terminal requests that put input into a terminal, steer a console, or change its line discipline.
/// TIOCSTI, TIOCLINUX and TIOCSETD, the same numbers on both architectures (libc's types for them differ between C libraries).
const TERMINAL_ATTACKS: [u64; 3] = [0x5412, 0x541C, 0x5423];

/// What programs ask of prctl: their name, their parent's death, and reads of their own state.
const PRCTL: [libc::c_int; 15] = [
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    libc::PR_SET_PDEATHSIG,
    libc::PR_GET_PDEATHSIG,
    libc::PR_GET_DUMPABLE,
    libc::PR_SET_DUMPABLE, // a program may hide itself from its siblings
    libc::PR_SET_TIMERSLACK,
    libc::PR_GET_TIMERSLACK,
    libc::PR_SET_NO_NEW_PRIVS, // can only be set, and is
    libc::PR_GET_NO_NEW_PRIVS,
    libc::PR_GET_SECCOMP,
    libc::PR_CAPBSET_READ,
    libc::PR_SET_CHILD_SUBREAPER,
    libc::PR_SET_VMA, // allocators name their areas
    libc::PR_SET_THP_DISABLE,
];

/// A rule, unless it can't be expressed, which would be a mistake in this file.
type Rule = Result<SeccompRule, BackendError>;
type Condition = Result<SeccompCondition, BackendError>;

/// Number and alternatives.
pub(super) fn rules() -> Result<Vec<(i64, Vec<SeccompRule>)>, BackendError> {
    Ok(vec![
        // Threads and processes, but no namespaces.
        (libc::SYS_clone, vec![all([masked(0, NEW_NAMESPACES, 0)])?]),
        (libc::SYS_socket, sockets()?),
        (libc::SYS_socketpair, vec![all([equal(0, libc::AF_UNIX as u64)])?]),
        (libc::SYS_fcntl, vec![all(LEASES.map(|command| differs(1, command)))?]),
        // No huge pages from the host's reserve: those are charged to no memory group that is limited here.
        (libc::SYS_mmap, vec![all([masked(3, libc::MAP_HUGETLB as u64, 0)])?]),
        (libc::SYS_memfd_create, vec![all([masked(1, u64::from(libc::MFD_HUGETLB), 0)])?]),
        // Nothing out of band: hardly a program uses it, and in local sockets it was a way into the kernel more than once.
        (libc::SYS_sendto, vec![all([masked(3, OUT_OF_BAND, 0)])?]),
        (libc::SYS_sendmsg, vec![all([masked(2, OUT_OF_BAND, 0)])?]),
        (libc::SYS_sendmmsg, vec![all([masked(3, OUT_OF_BAND, 0)])?]),
        (libc::SYS_setsockopt, options()?),
        (libc::SYS_ioctl, vec![all(TERMINAL_ATTACKS.map(|request| differs(1, request)))?]),
        (
            libc::SYS_prctl,
            PRCTL.iter().map(|option| all([equal(0, *option as u64)])).collect::<Result<_, _>>()?,
        ),
        // One's own limits may be lowered, but that of core files is what keeps the host's handler from being started.
        (libc::SYS_prlimit64, vec![all([differs(1, CORE_LIMIT)])?, all([null(2)])?]),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_setrlimit, vec![all([differs(0, CORE_LIMIT)])?]),
    ])
}

/// Local sockets; TCP and UDP, but nothing raw, no SCTP, no MPTCP, no ICMP; interface addresses by route netlink.
fn sockets() -> Result<Vec<SeccompRule>, BackendError> {
    let mut rules = vec![all([equal(0, libc::AF_UNIX as u64)])?];
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, protocol) in
            [(libc::SOCK_STREAM, libc::IPPROTO_TCP), (libc::SOCK_DGRAM, libc::IPPROTO_UDP)]
        {
            for protocol in [0, protocol] {
                let kind = masked(1, TYPE_MASK, kind as u64);
                rules.push(all([equal(0, family as u64), kind, equal(2, protocol as u64)])?);
            }
        }
    }
    rules.push(all([equal(0, libc::AF_NETLINK as u64), equal(2, libc::NETLINK_ROUTE as u64)])?);
    Ok(rules)
}

/// Every option but the one that puts another protocol (the kernel's TLS) on top of a TCP connection.
fn options() -> Result<Vec<SeccompRule>, BackendError> {
    Ok(vec![all([differs(1, libc::IPPROTO_TCP as u64)])?, all([differs(2, libc::TCP_ULP as u64)])?])
}

fn all<const N: usize>(conditions: [Condition; N]) -> Rule {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

fn equal(argument: u8, value: u64) -> Condition {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::Eq, value)
}

fn differs(argument: u8, value: u64) -> Condition {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::Ne, value)
}

fn masked(argument: u8, mask: u64, value: u64) -> Condition {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::MaskedEq(mask), value)
}

/// A pointer that is null.
fn null(argument: u8) -> Condition {
    SeccompCondition::new(argument, Qword, SeccompCmpOp::Eq, 0)
}
