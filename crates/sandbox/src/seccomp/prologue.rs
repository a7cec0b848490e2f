//! The first part of the filter: what needs only the number of a call.
//!
//! The compiler that makes the second part, where arguments are looked at, writes five instructions for each call. Most of
//! the list needs no arguments, and its numbers are neighbours: as ranges that are searched by halves they are a quarter of that.
//! Installing a filter costs by its length, and by its depth, as the kernel tries it with every number; and calls whose arguments
//! are looked at pass through here each time. Invariant: this part allows and kills exactly the numbers that it was given, and
//! decides nothing about others but those of x32, other architectures, and clone3.

use seccompiler::sock_filter;

mod search;

/// x32 calls come with the architecture of x86_64 and this bit in the number.
const X32_BIT: u32 = 0x4000_0000;
/// Where the kernel puts number and architecture in what the filter reads.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

#[cfg(target_arch = "x86_64")]
const AUDIT_ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const AUDIT_ARCHITECTURE: u32 = 0xC000_00B7;

/// Allows and kills at these sorted numbers; what it doesn't decide runs on into the program that follows.
pub(super) fn build(allowed: &[u32], never: &[u32]) -> Vec<sock_filter> {
    let mut program = vec![
        load(ARCHITECTURE),
        jump(libc::BPF_JEQ, AUDIT_ARCHITECTURE, 1, 0),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
        jump(libc::BPF_JGE, X32_BIT, 0, 1),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        jump(libc::BPF_JEQ, libc::SYS_clone3 as u32, 0, 1),
        answer(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ];
    program.extend(search::program(&cuts(allowed, never)));
    program
}

/// Where what is done changes: from this number on this answer, up to the next cut; none runs on into what follows.
type Cut = (u32, Option<u32>);

fn cuts(allowed: &[u32], never: &[u32]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = vec![(0, None)];
    let answers = [(allowed, libc::SECCOMP_RET_ALLOW), (never, libc::SECCOMP_RET_KILL_PROCESS)];
    let mut ranges: Vec<(u32, u32, u32)> = answers
        .into_iter()
        .flat_map(|(numbers, verdict)| ranges(numbers).into_iter().map(move |(a, b)| (a, b, verdict)))
        .collect();
    ranges.sort_unstable();
    for (first, last, verdict) in ranges {
        // Right behind the one before.
        if cuts.last().is_some_and(|(start, _)| *start == first) {
            cuts.pop();
        }
        cuts.extend([(first, Some(verdict)), (last + 1, None)]);
    }
    cuts
}

/// Neighbouring numbers as first and last.
fn ranges(numbers: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 >= *number => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    ranges
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

/// Goes on `yes` or `no` instructions further.
fn jump(comparison: u32, value: u32, yes: u8, no: u8) -> sock_filter {
    instruction(libc::BPF_JMP | comparison | libc::BPF_K, yes, no, value)
}

fn answer(value: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, value)
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    // The codes are all below 256.
    sock_filter { code: code as u16, jt, jf, k }
}
