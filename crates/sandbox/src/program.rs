//! The program's own pages that only its start needed: code that ran once, and the relocations that the linker read.
//!
//! The kernel maps them sixteen at a time and counts them as the process's until memory is short. Handed back, they are page
//! cache of a file that nobody maps, which is what the kernel takes first; what is needed again is mapped again, at the price
//! of a page fault. Invariant: only pages that are as in the file are handed back, never one that the linker has written to.

use std::fs;
use std::ops::Range;

use crate::syscalls;

/// Hands back the pages of this process's code. Does nothing where the process can't see its own map of memory.
pub fn hand_back_program() {
    let (Ok(program), Ok(maps)) = (fs::read_link("/proc/self/exe"), fs::read_to_string("/proc/self/maps"))
    else {
        return;
    };
    for pages in maps.lines().filter_map(|line| unwritten(line, &program.to_string_lossy())) {
        // Where the kernel refuses, everything stays as it was.
        let _ = syscalls::forget_pages(pages);
    }
}

/// The addresses of a mapping of the program that nobody ever wrote to: its code, and what stands before the code. The other
/// mappings that are only readable now hold addresses that the linker has put in.
fn unwritten(line: &str, program: &str) -> Option<Range<usize>> {
    let mut fields = line.splitn(6, ' ');
    let (addresses, rights, offset) = (fields.next()?, fields.next()?, fields.next()?);
    let path = fields.nth(2)?.trim_start();
    let starts_the_file = u64::from_str_radix(offset, 16).ok()? == 0;
    let code = rights == "r-xp" || (rights == "r--p" && starts_the_file);
    if !code || path != program {
        return None;
    }
    let (start, end) = addresses.split_once('-')?;
    Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_the_program_and_the_start_of_its_file_are_handed_back() {
        let of = |line| unwritten(line, "/bin/a b");
        assert_eq!(of("1000-3000 r--p 00000000 fd:00 12       /bin/a b"), Some(0x1000..0x3000));
        assert_eq!(of("3000-9000 r-xp 00002000 fd:00 12       /bin/a b"), Some(0x3000..0x9000));
        for other in [
            "9000-a000 r--p 00008000 fd:00 12       /bin/a b",
            "a000-b000 rw-p 00009000 fd:00 12       /bin/a b",
            "1000-3000 rw-p 00000000 fd:00 12       /bin/a b",
            "3000-9000 r-xp 00002000 fd:00 12       /lib/c.so",
            "3000-9000 r-xp 00000000 00:00 0 ",
            "3000-9000 r-xp 00000000 00:00 0        [vdso]",
            "",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn the_program_runs_on_without_them() {
        let table = ["one", "two", "three"].map(str::to_owned);
        for _ in 0..3 {
            hand_back_program();
            assert_eq!(table.concat().len(), 11);
        }
    }
}
